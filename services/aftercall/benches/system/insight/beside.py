"""The benchmark's questions by DuckDB, of the Parquet files in a folder: one JSON object with times in milliseconds."""

import json
import math
import sys
import time

import duckdb

WEEKLY = """
    SELECT date_trunc('week', timezone('Europe/Berlin', occurred_at)) AS week, team_id, count(*) AS contacts,
           avg(epoch(ended_at) - epoch(occurred_at)) AS seconds,
           count(*) FILTER (WHERE primary_resolution = 'REASON_RESOLUTION_RESOLVED') AS resolved
    FROM read_parquet(?) GROUP BY week, team_id ORDER BY week, team_id
"""
# Without the test of whether a change may be chance, which is the harder part of ours but not the longer one.
DRIVERS = """
    SELECT primary_reason, count(*) FILTER (WHERE occurred_at >= to_timestamp(?)) AS contacts,
           count(*) FILTER (WHERE occurred_at < to_timestamp(?)) AS contacts_before
    FROM read_parquet(?) WHERE occurred_at >= to_timestamp(?) AND occurred_at < to_timestamp(?)
    GROUP BY primary_reason ORDER BY contacts - contacts_before DESC
"""


def asked(base, query, values, warm_up, count):
    """The rows of the last answer, and how long answers took."""
    rows, took = [], []
    for number in range(warm_up + count):
        began = time.perf_counter()
        rows = base.execute(query, values).fetchall()
        if number >= warm_up:
            took.append((time.perf_counter() - began) * 1000)
    took.sort()
    at = {name: took[math.ceil(count * quantile) - 1] for name, quantile in (("p50", 0.5), ("p99", 0.99))}
    return rows, at


def main(folder, warm_up, count, since, before):
    base = duckdb.connect()
    files = folder + "/*.parquet"
    weeks, weekly = asked(base, WEEKLY, [files], warm_up, count)
    earlier = 2 * since - before
    _, drivers = asked(base, DRIVERS, [since, since, files, earlier, before], warm_up, count)
    contacts = sum(row[2] for row in weeks)
    print(json.dumps({"contacts": contacts, "aggregate": weekly, "drivers": drivers}))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:6]))
