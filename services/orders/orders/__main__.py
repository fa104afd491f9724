"""`python -m orders api | consumer | relay | worker | migrate | all`."""

from chassis.command_line import main
from orders.app import service

main(service)
