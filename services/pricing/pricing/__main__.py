"""`python -m pricing api | consumer | relay | worker | migrate | all`."""

from chassis.command_line import main
from pricing.app import service

main(service)
