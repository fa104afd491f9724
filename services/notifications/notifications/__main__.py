"""`python -m notifications api | consumer | relay | worker | all | migrate …`"""

from chassis.command_line import main
from notifications.app import service

main(service)
