"""The benchmark's aggregate by DuckDB: two threads, a table in memory."""

import sys
import time

import duckdb


def main(path):
    base = duckdb.connect()
    base.execute("SET threads TO 2")
    base.execute("CREATE TABLE contacts AS SELECT * FROM read_csv(?)", [path])
    query = """
        SELECT date_trunc('week', timezone('Europe/Berlin', to_timestamp(at_s))) AS week, team,
               count(*), sum(handle_ms), avg(handle_ms)
        FROM contacts GROUP BY ALL ORDER BY ALL
    """
    try:
        base.execute(query).fetchall()
    except duckdb.Error:
        # Zones are an extension that may not be there.
        query = query.replace("timezone('Europe/Berlin', to_timestamp(at_s))", "make_timestamp(at_s * 1000000)")
    took = []
    for _ in range(60):
        began = time.perf_counter()
        rows = base.execute(query).fetchall()
        took.append((time.perf_counter() - began) * 1000)
    took.sort()
    print(f"DuckDB {duckdb.__version__}, count and handle time, {len(rows)} groups: p50 {took[30]:.1f} ms, p99 {took[59]:.1f} ms")


if __name__ == "__main__":
    main(sys.argv[1])
