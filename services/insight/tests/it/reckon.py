"""Reckons a few measures of contacts by itself, in the standard library alone: the service must say the same.

Reads lines of JSON (id, customer, agent, reasons, started_us, ended_us, dropped) and prints one object.
"""

import json
import sys

WEEK_US = 7 * 86_400 * 1_000_000
BACK_WITHIN_US = 600 * 1_000_000


def mean_seconds(milliseconds, count):
    """The shortest text that is this number and no other."""
    return repr(milliseconds / 1000.0 / count)


def is_redialled(own, place):
    """Whether a contact was cut off and the customer's next one began soon."""
    contact = own[place]
    if not contact["dropped"] or place + 1 >= len(own):
        return False
    took_us = (contact["ended_us"] - contact["started_us"]) // 1000 * 1000
    since_us = own[place + 1]["started_us"] - contact["started_us"] - took_us
    return since_us <= BACK_WITHIN_US


def main(path):
    with open(path, encoding="utf-8") as lines:
        contacts = [json.loads(line) for line in lines]
    agents = {}
    for contact in contacts:
        agent = agents.setdefault(contact["agent"], {"contacts": 0, "handle_ms": 0})
        agent["contacts"] += 1
        agent["handle_ms"] += (contact["ended_us"] - contact["started_us"]) // 1000
    for agent in agents.values():
        agent["aht"] = mean_seconds(agent["handle_ms"], agent["contacts"])
    by_customer = {}
    for contact in contacts:
        by_customer.setdefault(contact["customer"], []).append(contact)
    resolved = repeats = redialled = 0
    for own in by_customer.values():
        own.sort(key=lambda contact: (contact["started_us"], contact["id"]))
        families = [{code.split(".")[0] for code in contact["reasons"]} for contact in own]
        lost = [is_redialled(own, place) for place in range(len(own))]
        for place, contact in enumerate(own):
            first = place
            while first > 0 and lost[first - 1]:
                first -= 1
            # What was cut off is one with the contact by which the customer was back.
            all_families = set().union(*families[first : place + 1])

            def is_near(other):
                return abs(own[other]["started_us"] - contact["started_us"]) < WEEK_US

            came_back = any(
                is_near(other) and not families[other].isdisjoint(families[place])
                for other in range(place + 1, len(own))
            )
            resolved += not came_back and not contact["dropped"]
            repeats += not lost[place] and any(
                is_near(other) and not families[other].isdisjoint(all_families)
                for other in range(first)
            )
            redialled += lost[place]
    total_ms = sum(agent["handle_ms"] for agent in agents.values())
    print(
        json.dumps(
            {
                "contacts": len(contacts),
                "dropped": sum(contact["dropped"] for contact in contacts),
                "aht": mean_seconds(total_ms, len(contacts)),
                "resolved": resolved,
                "repeats": repeats,
                "redialled": redialled,
                "fcr": repr(resolved / (len(contacts) - redialled)),
                "agents": agents,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])
