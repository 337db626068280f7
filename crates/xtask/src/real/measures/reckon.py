"""Reckons measures from the real sets' own files, by the published definitions (docs/insight.md, edition v2), in the
standard library alone. It shares nothing with the service, which must say the same to the last digit.

    reckon.py DIR IDS QUESTIONS

IDS has a line for each contact: source, id there, id here, with tabs between. QUESTIONS is a list in JSON. What comes to
each is printed as JSON, spelt as the service spells it: numbers as texts, and nothing that is nothing.
"""

import collections
import gzip
import json
import os
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

EDITION = "v2"
DAY_US = 86_400 * 1_000_000
# Contacts further apart have nothing to do with each other, and no more of a customer's are looked at on each side.
APART_US = 30 * DAY_US
NEIGHBOURS = 100
ID_BYTES = 128
NO_DUE = "2059-12-31"
CHANNELS = {"phone": "VOICE", "ivr": "VOICE", "chat": "CHAT", "email": "EMAIL", "social": "SOCIAL"}


class Contact:
    """A contact, and what is measured of it."""

    def __init__(self, **said):
        self.agent = self.team = self.disposition = self.customer = ""
        self.direction = "INBOUND"
        self.solved = None
        self.promise = None
        self.__dict__.update(said)
        self.family = self.codes[0].split(".")[0]
        self.families = {code.split(".")[0] for code in self.codes}
        self.resolvable = self.direction == "INBOUND" and self.customer != ""
        self.since_any = self.since_family = self.until_family = None
        self.akin = None

    def value(self, dimension):
        return {
            "AGENT": self.agent,
            "TEAM": self.team,
            "REASON": self.codes[0],
            "REASON_FAMILY": self.family,
            "DISPOSITION": self.disposition,
            "CHANNEL": self.channel,
            "DIRECTION": self.direction,
        }[dimension]


def clipped(text):
    """An id as it is taken: no blanks at its ends, and 128 bytes at most."""
    text = "".join(" " if c.isspace() else c for c in text).strip()
    return text.encode()[:ID_BYTES].decode(errors="ignore").rstrip()


def code(*parts):
    """A code of several parts."""
    words = []
    for part in parts:
        spaced = "".join(c if c.isalnum() else " " for c in part)
        words.append("_".join(word.lower() for word in spaced.split()))
    return clipped(".".join(word for word in words if word))


def instant(local, zone):
    """Microseconds since the epoch; of a time that there is twice the first one is meant."""
    at = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone))
    since = at.astimezone(timezone.utc) - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return since // timedelta(microseconds=1)


def lines(folder, name):
    """The lines of a set, packed or not; none of one that is not there."""
    path = os.path.join(folder, name)
    if os.path.exists(path):
        opened = open(path, encoding="utf-8")
    elif os.path.exists(path + ".gz"):
        opened = gzip.open(path + ".gz", "rt", encoding="utf-8")
    else:
        return
    with opened as found:
        for line in found:
            yield json.loads(line)


def reached(channel):
    """The channel, and who reached out."""
    direction = "INTERNAL" if channel in ("internal", "system") else "INBOUND"
    return {"channel": CHANNELS.get(channel, "TASK"), "direction": direction}


def promised(due, done, zone):
    """What became of a promise."""
    if due is None or due.startswith(NO_DUE):
        return None
    if done is None:
        return "open"
    return "kept" if instant(done, zone) <= instant(due, zone) else "late"


def boston(folder):
    """Boston's calls and requests. Calls stand in both sets; the set of calls has the say."""
    seen = set()
    for one in lines(folder, "interactions-boston311-phone.jsonl"):
        seen.add(one["id"])
        zone = one["tz"].split()[0]
        promise = one.get("promise") or {}
        yield Contact(
            id=one["id"],
            at=instant(one["started_at"], zone),
            customer=clipped(one.get("place_key") or ""),
            codes=[code(*one["reason_path"])],
            team=clipped(one["routed_to"]),
            disposition=code(one.get("closure_code") or one["outcome"]),
            solved=one.get("resolved"),
            promise=promised(promise.get("due_at"), promise.get("fulfilled_at"), zone),
            **reached(one["channel"]),
        )
    for one in lines(folder, "followups-boston311.jsonl"):
        if one["id"] in seen:
            continue
        zone = one["tz"].split()[0]
        yield Contact(
            id=one["id"],
            at=instant(one["opened_at"], zone),
            customer=clipped(one.get("place_key") or ""),
            codes=[code(one["subject"], one["reason_group"], one["type"])],
            team=clipped(one["queue"]),
            disposition=code(one.get("closure_code") or one["status"]),
            promise=promised(one.get("due_at"), one.get("closed_at"), zone),
            **reached(one["channel"]),
        )


def incidents(folder):
    """An IT service desk's incidents. Their times have no zone, and are taken for UTC."""
    for one in lines(folder, "followups-uci-incidents.jsonl"):
        groups = [event[2] for event in one["events"]]
        yield Contact(
            id=one["id"],
            at=instant(one["opened_at"], "UTC"),
            customer=clipped(one.get("customer") or ""),
            codes=[code(one.get("category") or "category_not_said", one.get("subcategory") or "")],
            agent=clipped(one.get("agent_resolved") or ""),
            team=clipped(groups[-1] if groups else ""),
            disposition=code(one.get("closed_code") or "closed"),
            solved=one.get("resolved_at") is not None,
            **reached(one["channel"]),
        )


def intents(folder):
    """Role-played chats; each intent of the customer is a driver. They have no times."""
    for one in lines(folder, "interactions-multidogo.jsonl"):
        codes = [code(one["domain"], intent) for intent in one["reason_intents"]]
        yield Contact(id=one["id"], at=0, codes=codes or ["unclassified"], **reached(one["channel"]))


def drivers(folder):
    """Role-played reasons, each with its driver."""
    for one in lines(folder, "drivers-dstc11.jsonl"):
        codes = [code(one["domain"], one["label_driver"])]
        yield Contact(id=one["id"], at=0, codes=codes, **reached(None))


SOURCES = {
    "boston311": boston,
    "uci-incident-log": incidents,
    "multidogo": intents,
    "dstc11-natcs": drivers,
}


def gap(before, after):
    """Microseconds in whole milliseconds between two contacts; none where they have nothing to do with each other."""
    between = after.at - before.at
    return between // 1000 * 1000 if between < APART_US else None


def link(contacts, ids):
    """Says of each contact what its customer's others are to it: those before and after it, by time and then by id."""
    by_customer = collections.defaultdict(list)
    for contact in contacts:
        if contact.resolvable:
            by_customer[contact.customer].append(contact)
    for own in by_customer.values():
        own.sort(key=lambda contact: (contact.at, ids[contact.id]))
        for place, contact in enumerate(own):
            before = own[max(0, place - NEIGHBOURS) : place][::-1]
            after = own[place + 1 : place + 1 + NEIGHBOURS]
            if before:
                contact.since_any = gap(before[0], contact)
            for other in before:
                if contact.families & other.families:
                    contact.since_family = gap(other, contact)
                    contact.akin = other
                    break
            for other in after:
                if contact.families & other.families:
                    contact.until_family = gap(contact, other)
                    break


def is_within(time, days):
    return time is not None and time < days * DAY_US


def cause(contact, days):
    """Why the customer was back; none where they were not. Nobody was cut off here, and nothing was put right."""
    if not is_within(contact.since_any, days):
        return None
    if not is_within(contact.since_family, days):
        return "UNRELATED"
    if contact.akin.solved is False:
        return "NOT_RESOLVED"
    if contact.akin.solved and not set(contact.codes) & set(contact.akin.codes):
        return "NEW_FACTS"
    return "UNKNOWN"


def bucket(contact, size, zone):
    """When the contact's bucket begins, in seconds since the epoch."""
    if size is None:
        return None
    local = datetime.fromtimestamp(contact.at // 1_000_000, ZoneInfo(zone))
    first = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None, fold=0)
    if size == "WEEK":
        first -= timedelta(days=first.weekday())
    elif size == "MONTH":
        first = first.replace(day=1)
    return instant(first.isoformat(), zone) // 1_000_000


class Sums:
    """What contacts come to."""

    def __init__(self):
        self.counts = collections.Counter()

    def add(self, contact, days):
        counts = self.counts
        counts["contacts"] += 1
        if contact.resolvable:
            counts["resolvable"] += 1
            counts["resolvedFirst"] += not is_within(contact.until_family, days)
            counts["repeats"] += is_within(contact.since_family, days)
        if contact.promise:
            counts["promises"] += 1
            counts["promises" + contact.promise.capitalize()] += 1

    def told(self):
        counts = self.counts
        told = {name: str(count) for name, count in counts.items() if count}
        decided = counts["promisesKept"] + counts["promisesLate"]
        for name, part, whole in (
            ("firstContactResolution", counts["resolvedFirst"], counts["resolvable"]),
            ("repeatRate", counts["repeats"], counts["resolvable"]),
            ("promisesKeptRate", counts["promisesKept"], decided),
        ):
            if whole:
                told[name] = repr(part / whole)
        return told


def aggregate(contacts, asked):
    """Measures by dimensions and by time, without groups that are too small."""
    groups, total = collections.defaultdict(Sums), Sums()
    days = asked["repeatWithinDays"]
    for contact in contacts:
        begins = bucket(contact, asked.get("bucket"), asked["timeZone"])
        values = tuple(contact.value(dimension) for dimension in asked["dimensions"])
        groups[begins, values].add(contact, days)
        total.add(contact, days)
    hidden = [sums for sums in groups.values() if sums.counts["contacts"] < asked["groupContactsMin"]]
    return {
        "total": total.told(),
        "hiddenGroups": len(hidden),
        "hiddenContacts": sum(sums.counts["contacts"] for sums in hidden),
        "rows": [
            {"bucketFrom": begins, "values": list(values), "measures": sums.told()}
            for (begins, values), sums in groups.items()
            if sums.counts["contacts"] >= asked["groupContactsMin"]
        ],
    }


def count(contacts, asked):
    """How many contacts each driver has."""
    counted = collections.Counter(contact.codes[0] for contact in contacts)
    rows = [{"value": value, "contacts": count} for value, count in counted.items()]
    return {"contacts": len(contacts), "rows": rows}


def repeats(contacts, asked):
    """Contacts that came back, by why and by reason."""
    counted = collections.Counter()
    for contact in contacts:
        why = cause(contact, asked["repeatWithinDays"])
        if why:
            counted[why, contact.codes[0]] += 1
    rows = [{"cause": why, "value": value, "contacts": count} for (why, value), count in counted.items()]
    return {"contacts": sum(counted.values()), "rows": rows}


def main(folder, ids_path, questions_path):
    ids = collections.defaultdict(dict)
    with open(ids_path, encoding="utf-8") as rows:
        for row in rows:
            source, own, here = row.rstrip("\n").split("\t")
            ids[source][own] = here
    with open(questions_path, encoding="utf-8") as file:
        questions = json.load(file)
    reckon = {"aggregate": aggregate, "repeats": repeats, "drivers": count}
    known, answers = {}, []
    for asked in questions:
        source = asked["source"]
        if source not in known:
            known[source] = list(SOURCES[source](folder))
            link(known[source], ids[source])
        answers.append(reckon[asked["what"]](known[source], asked))
    print(json.dumps({"edition": EDITION, "answers": answers}))


if __name__ == "__main__":
    main(*sys.argv[1:])
