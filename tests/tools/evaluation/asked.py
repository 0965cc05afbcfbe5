"""The small integration with questions, and a script that answers them."""

from typing import Any

from tests.vendors.desk import DESK

QUESTIONS = """
evaluation:
  - question: which open tickets are urgent
    calls: [{tool: tickets.list, arguments: {state: open, urgent: true}}]
  - question: open a ticket about the broken lid on the queue Parts
    calls: [{tool: tickets.create, arguments: {title: {contains: [lid]}, level: {any_of: [1, 2]}}}]
    also: {queues.list: [{name: Parts}]}
  - question: link ticket 7 with the ticket that you open about lids
    calls:
      - {tool: tickets.create, arguments: {title: {given: true}}, result: {ticket: {id: "77"}}}
      - {tool: tickets.link, arguments: {id: "7", other: "77"}}
"""
BUNDLE = DESK + QUESTIONS
LIST, CREATE, LINK = "list_all_desk_tickets", "create_a_desk_ticket", "desk_tickets_link"


def knows(question: str, turn: int, tools: dict[str, Any]) -> Any:
    """Do what the questions ask for, without a wrong turn."""
    assert {LIST, CREATE, LINK} <= tools.keys()
    if "urgent" in question:
        return [(LIST, {"state": "open", "urgent": True})]
    if "broken" in question:
        return [("list_all_desk_queues", {}), (CREATE, {"title": "Broken LID", "level": 2})]
    return [(CREATE, {"title": "Lids"})] if turn == 0 else [(LINK, {"id": 7, "other": "77"})]
