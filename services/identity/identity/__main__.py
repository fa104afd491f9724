"""`python -m identity api | consumer | relay | worker | migrate | all`."""

from chassis.command_line import main
from identity.app import service

main(service)
