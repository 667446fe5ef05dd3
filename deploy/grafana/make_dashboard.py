#!/usr/bin/env python3
"""Writes headrace.json, the Grafana dashboard, beside itself; with --check it only compares.

Grafana 10 or newer. A panel's description says what to do, not what it shows. Every expression
names job, instance and route, so that it works for one sidecar as for fifty instances.
"""
import json
import sys
from itertools import count
from pathlib import Path

PLACE = '{job=~"$job", instance=~"$instance"}'
ROUTE = 'job=~"$job", instance=~"$instance", route=~"$route"'
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
# As headrace_route_state names them; the numbers stand for them in the timeline.
STATES = {"flowing": "green", "throttled": "light-yellow", "broken": "orange", "blocked": "red",
          "suspect": "purple", "paused": "blue", "stopped": "dark-red"}

ids = count(1)


def target(expr, legend="", **more):
    return {"datasource": DATASOURCE, "editorMode": "code", "expr": " ".join(expr.split()),
            "legendFormat": legend or "__auto", "range": True, **more}


def panel(kind, title, description, targets, **more):
    for letter, entry in zip("ABCDEFGH", targets):
        entry["refId"] = letter
    return {"id": next(ids), "type": kind, "title": title, "description": description,
            "datasource": DATASOURCE, "targets": targets, **more}


def thresholds(*steps):
    """Colours from a value on: thresholds((None, "green"), (60, "red"))."""
    return {"mode": "absolute", "steps": [{"color": colour, "value": value}
                                          for value, colour in steps]}


def lines(title, description, targets, unit, *, steps=None, stacked=False, maximum=None,
          overrides=()):
    custom = {"drawStyle": "line", "fillOpacity": 20 if stacked else 5, "lineWidth": 1,
              "showPoints": "never", "spanNulls": False,
              "stacking": {"mode": "normal" if stacked else "none", "group": "A"}}
    defaults = {"unit": unit, "min": 0, "custom": custom}
    if maximum is not None:
        defaults["max"] = maximum
    if steps:
        defaults["thresholds"] = thresholds(*steps)
        custom["thresholdsStyle"] = {"mode": "dashed"}
    return panel("timeseries", title, description, targets,
                 fieldConfig={"defaults": defaults, "overrides": list(overrides)},
                 options={"legend": {"displayMode": "list", "placement": "bottom"},
                          "tooltip": {"mode": "multi", "sort": "desc"}})


def stat(title, description, expr, unit, *steps, decimals=None):
    defaults = {"unit": unit, "thresholds": thresholds(*steps), "noValue": "–"}
    if decimals is not None:
        defaults["decimals"] = decimals
    return panel("stat", title, description, [target(expr, instant=True, range=False)],
                 fieldConfig={"defaults": defaults, "overrides": []},
                 options={"colorMode": "background", "graphMode": "none", "textMode": "value",
                          "reduceOptions": {"calcs": ["lastNotNull"], "fields": "",
                                            "values": False}})


def heat_map(title, description, metric):
    expr = f"sum by (le) (increase({metric}_bucket{{{ROUTE}}}[$__rate_interval]))"
    return panel("heatmap", title, description, [target(expr, "{{le}}", format="heatmap")],
                 fieldConfig={"defaults": {}, "overrides": []},
                 options={"calculate": False, "cellGap": 1,
                          "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64},
                          "filterValues": {"le": 1e-9}, "legend": {"show": True},
                          "rowsFrame": {"layout": "auto"}, "tooltip": {"show": True},
                          "yAxis": {"axisPlacement": "left", "unit": "s"}})


def states_over_time():
    numbered = [f'{number} * max by (route, instance)'
                f' (headrace_route_state{{{ROUTE}, state="{state}"}})'
                for number, state in enumerate(STATES, 1)]
    mappings = [{"type": "value", "options": {
        str(number): {"text": state, "color": colour, "index": number}
        for number, (state, colour) in enumerate(STATES.items(), 1)}}]
    return panel("state-timeline", "States",
                 "Anything but flowing has a reason: the admin page and /status say it, with since"
                 " when. docs/operations.md, States of a route, says what to do about each. Do not"
                 " restart: every state ends by itself when its cause is mended.",
                 [target(" + ".join(numbered), "{{route}} on {{instance}}")],
                 fieldConfig={"defaults": {"mappings": mappings, "custom": {"fillOpacity": 80},
                                           "thresholds": thresholds((None, "text"))},
                              "overrides": []},
                 options={"mergeValues": True, "showValue": "auto", "rowHeight": 0.9,
                          "legend": {"showLegend": False}, "tooltip": {"mode": "single"}})


def row(title, repeat=None):
    made = {"id": next(ids), "type": "row", "title": title, "collapsed": False, "panels": []}
    return made | ({"repeat": repeat} if repeat else {})


def over_all():
    """What one looks at first; each entry is (width, height, panel)."""
    bad = 'state=~"broken|blocked|suspect|stopped"'
    return [
        (4, 4, stat("Routes in trouble",
                    "Routes that are broken, blocked, suspect or stopped on some instance. The"
                    " timeline below says which.",
                    f"sum(headrace_route_state{{{ROUTE}, {bad}}})", "none",
                    (None, "green"), (1, "red"))),
        (4, 4, stat("Furthest behind",
                    "The age of the oldest record that is not settled. Above what you promise:"
                    " go to the route's panel What limits it.",
                    f"max(headrace_consumer_lag_seconds{{{ROUTE}}})", "s",
                    (None, "green"), (60, "yellow"), (300, "red"), decimals=1)),
        (4, 4, stat("Written", "Records that destinations said yes to, in a second.",
                    f"sum(rate(headrace_records_written_total{{{ROUTE}}}[$__rate_interval]))",
                    "rec/s", (None, "blue"))),
        (4, 4, stat("Dead letters in the range",
                    "Records that were refused and are kept in the dead-letter topic. Read a few:"
                    " their headers say why. Then tell who produces them.",
                    f"sum(increase(headrace_records_dead_lettered_total{{{ROUTE}}}[$__range]))",
                    "short", (None, "green"), (1, "yellow"), decimals=0)),
        (4, 4, stat("Expired in the range",
                    "Records that retention deleted before they were read: they are gone. Raise"
                    " retention.ms now if the lag is still large.",
                    f"sum(increase(headrace_records_expired_total{{{ROUTE}}}[$__range]))",
                    "short", (None, "green"), (1, "red"), decimals=0)),
        (4, 4, stat("Unaccounted",
                    "Must be 0. Anything else is a fault of Headrace: save /status and the log"
                    " before a restart, and report them.",
                    f"max(abs(headrace_records_unaccounted{{{ROUTE}}}))", "none",
                    (None, "green"), (1, "red"))),
        (24, 7, states_over_time()),
        (8, 7, lines("Lag by route",
                     "How old the oldest record is that is not settled. 0 also where nothing of the"
                     " partition was read since start: compare with the lag in records.",
                     [target(f"max by (route) (headrace_consumer_lag_seconds{{{ROUTE}}})",
                             "{{route}}")],
                     "s", steps=[(None, "transparent"), (300, "red")])),
        (8, 7, lines("Written by route", "Where one line falls and the lag grows, look at its row.",
                     [target("sum by (route) (rate(headrace_records_written_total"
                             f"{{{ROUTE}}}[$__rate_interval]))", "{{route}}")],
                     "rec/s", stacked=True)),
        (8, 7, lines("Membership and Kafka",
                     "Members: instances that are in the route's consumer group; fewer than you run"
                     " means that some read nothing. Trouble: instances that reach no broker, or"
                     " are refused; `trouble` in /status says why.",
                     [target(f"sum by (route) (headrace_route_joined{{{ROUTE}}})",
                             "{{route}}: members"),
                      target(f"sum by (route) (headrace_kafka_trouble{{{ROUTE}}})",
                             "{{route}}: in trouble")], "none")),
    ]


def of_a_route():
    """One row for each route that is chosen."""
    def rate(name, labels=""):
        return f"rate({name}{{{ROUTE}{labels}}}[$__rate_interval])"

    def by(labels, expr):
        return f"sum by ({labels}) ({expr})"

    def quantile(share, name):
        return f"histogram_quantile({share}, sum by (le) ({rate(name + '_bucket')}))"

    return [
        (8, 7, lines("In and out",
                     "Read and written lie on each other when all is well. Read above written for"
                     " long: records wait, see What limits it. Retried: requests fail, see Errors.",
                     [target(f"sum({rate('headrace_records_read_total')})", "read"),
                      target(f"sum({rate('headrace_records_written_total')})", "written"),
                      target(f"sum({rate('headrace_records_dead_lettered_total')})",
                             "dead-lettered"),
                      target(f"sum({rate('headrace_records_skipped_total')})", "skipped"),
                      target(f"sum({rate('headrace_records_retried_total')})", "retried"),
                      target(f"sum({rate('headrace_records_returned_total')})", "returned")],
                     "rec/s")),
        (8, 7, lines("Lag in records",
                     "Partitions that grow alone are stuck: see Blocking offset. All of them: see"
                     " What limits it.",
                     [target("max by (topic, partition) (headrace_consumer_lag_records"
                             f"{{{ROUTE}}})", "{{topic}}[{{partition}}]")],
                     "short", stacked=True)),
        (8, 7, lines("Lag in seconds",
                     "Compare with the topic's retention: what is deleted before it is read is"
                     " gone.",
                     [target("max by (topic, partition) (headrace_consumer_lag_seconds"
                             f"{{{ROUTE}}})", "{{topic}}[{{partition}}]")],
                     "s", steps=[(None, "transparent"), (300, "red")])),
        (12, 8, heat_map("From Kafka to the destination's yes",
                         "The whole way, from a record's Kafka timestamp on. A band that climbs"
                         " while write requests stay quick: records wait here or in Kafka.",
                         "headrace_end_to_end_latency_seconds")),
        (12, 8, heat_map("Write requests",
                         "How long the destination takes. A second band far above the first is"
                         " often a time-out or one slow node of theirs.",
                         "headrace_write_duration_seconds")),
        (8, 7, lines("Latency",
                     "p99 of the way above what you promise while that of the requests is small:"
                     " lower batch.linger_ms, or see What limits it.",
                     [target(quantile(0.5, "headrace_end_to_end_latency_seconds"), "way, p50"),
                      target(quantile(0.99, "headrace_end_to_end_latency_seconds"), "way, p99"),
                      target(quantile(0.5, "headrace_write_duration_seconds"), "request, p50"),
                      target(quantile(0.99, "headrace_write_duration_seconds"), "request, p99")],
                     "s")),
        (8, 7, lines("Errors",
                     "Failed write requests by reason. timeout, connection, tls, server_error: the"
                     " destination or the way to it. throttled: its quota. blocked: key, permission"
                     " or target. rejected: records; see Dead letters. Each is sent again.",
                     [target(by("reason", rate("headrace_write_errors_total")), "{{reason}}")],
                     "reqps", stacked=True)),
        (8, 7, lines("What limits it",
                     "A line near 100 % is what holds the route. Requests: the destination is the"
                     " limit; give it more, or raise http.concurrency_max if it bears more. Its own"
                     " rate limit: raise rate_limit. Memory: raise limits.memory, or lower"
                     " batch.bytes. Processor, of one core: more than 100 % for each worker means"
                     " that limits.workers or the machine is full. None of them: Kafka, or the"
                     " producers send no more.",
                     [target(f"sum(avg_over_time(headrace_requests_in_flight{{{ROUTE}}}"
                             "[$__rate_interval])) / sum(headrace_concurrency_limit"
                             f"{{{ROUTE}}})", "requests in flight, of the limit"),
                      target(f"max by (limit) ({rate('headrace_rate_limited_seconds_total')})",
                             "own rate limit: {{limit}}"),
                      target(f"max(headrace_memory_bytes{PLACE} / headrace_memory_limit_bytes"
                             f"{PLACE})", "memory of the process"),
                      target(f"max(rate(process_cpu_seconds_total{PLACE}[$__rate_interval]) and on"
                             f" (job, instance) headrace_build_info)", "processor"),
                      target("avg(sum by (instance) (avg_over_time(headrace_route_state"
                             f"{{{ROUTE}, state=~\"throttled|broken|blocked\"}}"
                             "[$__rate_interval])))", "held by the destination")],
                     "percentunit")),
        (8, 7, lines("Concurrency",
                     "The limit follows what brings more throughput. Below http.concurrency_max and"
                     " steady: the destination is full, more would only wait there. Falling and"
                     " climbing: it throttles or fails, see Errors.",
                     [target(f"sum by (instance) (headrace_concurrency_limit{{{ROUTE}}})",
                             "limit, {{instance}}"),
                      target(f"sum by (instance) (headrace_requests_in_flight{{{ROUTE}}})",
                             "in flight, {{instance}}")], "none")),
        (8, 7, lines("Why the limit moved",
                     "throttled and failing: the destination refused. less: what was more in flight"
                     " only waited there.",
                     [target(by("reason", rate("headrace_concurrency_changes_total")),
                             "{{reason}}")], "ops", stacked=True)),
        (8, 7, lines("Records in a request",
                     "Far below batch.batch_size with a lag: many stream sources or collections"
                     " share the route, or order: key holds records of few keys apart. Without a"
                     " lag: raise batch.linger_ms if the destination charges by request.",
                     [target(f"sum({rate('headrace_batch_records_sum')}) /"
                             f" sum({rate('headrace_batch_records_count')})", "mean"),
                      target(quantile(0.99, "headrace_batch_records"), "p99")], "short")),
        (8, 7, lines("Blocking offset: age",
                     "How long the record has been open that holds a partition's commit. Minutes on"
                     " one partition alone: it is stuck. /status names offset, attempts and error"
                     " as `blocking`.",
                     [target("max by (topic, partition) (headrace_blocking_offset_age_seconds"
                             f"{{{ROUTE}}})", "{{topic}}[{{partition}}]")],
                     "s", steps=[(None, "transparent"), (600, "red")])),
        (8, 7, panel("table", "Offsets",
                     "Blocking is the offset that holds the commit back, -1 if none does. Look at"
                     " that record: kafka-console-consumer --partition P --offset O --max-messages"
                     " 1.",
                     [target(f"max by (topic, partition) (headrace_{name}{{{ROUTE}}})",
                             name.replace("_", " "), instant=True, range=False, format="table")
                      for name in ("committed_offset", "blocking_offset", "consumer_lag_records")],
                     fieldConfig={"defaults": {"custom": {"filterable": True}}, "overrides": []},
                     options={"showHeader": True},
                     transformations=[
                         {"id": "merge", "options": {}},
                         {"id": "organize", "options": {
                             "excludeByName": {"Time": True},
                             "renameByName": {"Value #A": "committed", "Value #B": "blocking",
                                              "Value #C": "lag"}}}])),
        (8, 7, lines("Dead letters",
                     "By reason. invalid_json, empty_value, not_an_object: the producer. rejected:"
                     " the destination's schema. suspect: a record that makes it fail.",
                     [target(by("reason", "increase(headrace_records_dead_lettered_total"
                                          f"{{{ROUTE}}}[$__rate_interval])"), "{{reason}}")],
                     "short", stacked=True)),
        (12, 7, lines("Open records",
                      "Read, and neither settled nor returned. They are in memory and are written"
                      " again after a crash, but for those that the commit's map holds.",
                      [target(f"sum by (instance) (headrace_records_in_flight{{{ROUTE}}})",
                              "{{instance}}")], "short")),
        (12, 7, lines("Bytes of open records",
                      "Near the route's share of limits.memory reading waits for answers.",
                      [target(f"sum by (instance) (headrace_bytes_in_flight{{{ROUTE}}})",
                              "{{instance}}")], "bytes")),
    ]


def of_the_process():
    return [
        (8, 7, lines("Memory",
                     "RSS stays below limits.memory + 64 MiB, and 27 KiB for each assigned"
                     " partition. Accounted near the limit: reading waits for answers. RSS above"
                     " the promise: report it, and give the process room.",
                     [target(f"process_resident_memory_bytes{PLACE} and on (job, instance)"
                             " headrace_build_info", "RSS, {{instance}}"),
                      target(f"headrace_memory_bytes{PLACE}", "accounted, {{instance}}"),
                      target(f"headrace_memory_limit_bytes{PLACE}", "limit, {{instance}}")],
                     "bytes")),
        (8, 7, lines("Processor",
                     "Cores in use. Near limits.workers + 1: the process is full; add workers or"
                     " instances, or see Tuning in docs/operations.md.",
                     [target(f"rate(process_cpu_seconds_total{PLACE}[$__rate_interval]) and on"
                             " (job, instance) headrace_build_info", "{{instance}}")], "none")),
        (8, 7, lines("Open files",
                     "Share of the limit of open files. Near 100 % connections wait: raise"
                     " LimitNOFILE or lower http.concurrency_max.",
                     [target(f"process_open_fds{PLACE} / process_max_fds{PLACE} and on (job,"
                             " instance) headrace_build_info", "{{instance}}")],
                     "percentunit", maximum=1, steps=[(None, "transparent"), (0.9, "red")])),
        (24, 5, lines("Configuration",
                      "Refused: the last reload failed and the old configuration is in use; a"
                      " restart would not come up with that file. Restart needed: a key was changed"
                      " that takes effect at the next start; /status names it.",
                      [target(f"1 - headrace_config_last_reload_successful{PLACE}",
                              "refused, {{instance}}"),
                       target(f"headrace_config_restart_needed{PLACE}",
                              "restart needed, {{instance}}")], "none", maximum=1)),
        (24, 6, panel("table", "Instances",
                      "Two versions for long: an upgrade was not finished. A short uptime that you"
                      " cannot explain: look at the exit code and the end of the log.",
                      [target(f"max by (job, instance, version) (headrace_build_info{PLACE})",
                              instant=True, range=False, format="table"),
                       target("max by (job, instance) (time() - process_start_time_seconds"
                              f"{PLACE} and on (job, instance) headrace_build_info)",
                              instant=True, range=False, format="table")],
                      fieldConfig={"defaults": {}, "overrides": [
                          {"matcher": {"id": "byName", "options": "uptime"},
                           "properties": [{"id": "unit", "value": "dtdurations"}]}]},
                      options={"showHeader": True},
                      transformations=[
                          {"id": "merge", "options": {}},
                          {"id": "organize", "options": {
                              "excludeByName": {"Time": True, "Value #A": True},
                              "renameByName": {"Value #B": "uptime"}}}])),
    ]


def laid_out(sections):
    """Rows and their panels with places: left to right, 24 columns wide."""
    out, top = [], 0
    for heading, panels in sections:
        out.append({**heading, "gridPos": {"h": 1, "w": 24, "x": 0, "y": top}})
        top, left, height = top + 1, 0, 0
        for width, tall, made in panels:
            if left + width > 24:
                top, left, height = top + height, 0, 0
            out.append({**made, "gridPos": {"h": tall, "w": width, "x": left, "y": top}})
            left, height = left + width, max(height, tall)
        top += height
    return out


def variable(name, label, query):
    return {"type": "query", "name": name, "label": label, "datasource": DATASOURCE,
            "definition": query, "query": {"query": query, "refId": name}, "refresh": 2, "sort": 1,
            "multi": True, "includeAll": True, "allValue": ".*",
            "current": {"selected": True, "text": ["All"], "value": ["$__all"]}}


def dashboard():
    sections = [(row("All routes"), over_all()), (row("$route", "route"), of_a_route()),
                (row("Process"), of_the_process())]
    return {
        "__inputs": [{"name": "DS_PROMETHEUS", "label": "Prometheus", "description": "",
                      "type": "datasource", "pluginId": "prometheus",
                      "pluginName": "Prometheus"}],
        "__requires": [{"type": "grafana", "id": "grafana", "name": "Grafana",
                        "version": "10.0.0"},
                       {"type": "datasource", "id": "prometheus", "name": "Prometheus",
                        "version": "1.0.0"}],
        "uid": "headrace",
        "title": "Headrace",
        "description": "Routes from Kafka to Tecton and Milvus. Every panel's description says"
                       " what to do; docs/operations.md says more.",
        "tags": ["headrace", "kafka"],
        "schemaVersion": 38,
        "version": 1,
        "editable": True,
        # One crosshair over all panels.
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "browser",
        "links": [],
        "annotations": {"list": [{
            "name": "Started", "enable": True, "iconColor": "blue", "datasource": DATASOURCE,
            "expr": f"changes(process_start_time_seconds{PLACE}[2m]) > 0"
                    " and on (job, instance) headrace_build_info",
            "titleFormat": "Headrace started", "textFormat": "{{instance}}", "step": "60s"}]},
        "templating": {"list": [
            # Filled in by an import; provisioned, Grafana takes the first Prometheus that it has.
            {"type": "datasource", "name": "datasource", "label": "Prometheus",
             "query": "prometheus", "refresh": 1,
             "current": {"selected": False, "text": "${DS_PROMETHEUS}",
                         "value": "${DS_PROMETHEUS}"}},
            variable("job", "Job", "label_values(headrace_build_info, job)"),
            variable("instance", "Instance",
                     'label_values(headrace_build_info{job=~"$job"}, instance)'),
            variable("route", "Route",
                     'label_values(headrace_route_state{job=~"$job", instance=~"$instance"},'
                     " route)"),
        ]},
        "panels": laid_out(sections),
    }


def main():
    path = Path(__file__).resolve().with_name("headrace.json")
    text = json.dumps(dashboard(), indent=2, ensure_ascii=False) + "\n"
    if "--check" not in sys.argv[1:]:
        path.write_text(text, encoding="utf-8")
    elif path.read_text(encoding="utf-8") != text:
        raise SystemExit("deploy/grafana/headrace.json is stale: run make_dashboard.py beside it")


if __name__ == "__main__":
    main()
