#!/usr/bin/env bash
# Becomes a standalone Kafka Connect worker with one connector: run.sh --bootstrap HOST:PORT --topic NAME ...
# The settings go in by file descriptors and the worker's own offsets, of which a sink has none,
# nowhere: nothing is left behind.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
tasks=4
declare -A flag
while [ $# -ge 2 ]; do
    flag[${1#--}]=$2
    shift 2
done
connections=${flag[connections]}

exec java -Xms64m -Xmx256m -Dlog4j2.configurationFile="$here/log4j2.properties" \
    -cp "$here/sink.jar:$(cat "$here/libs")/*" \
    org.apache.kafka.connect.cli.ConnectStandalone /dev/fd/3 /dev/fd/4 3<<WORKER 4<<CONNECTOR
bootstrap.servers=${flag[bootstrap]}
listeners=http://127.0.0.1:0
plugin.discovery=service_load
key.converter=org.apache.kafka.connect.converters.ByteArrayConverter
value.converter=org.apache.kafka.connect.converters.ByteArrayConverter
offset.storage.file.filename=/dev/null
offset.flush.interval.ms=5000
connector.client.config.override.policy=All
WORKER
{
    "name": "sink",
    "connector.class": "headrace.peers.HttpSinkConnector",
    "tasks.max": "$tasks",
    "topics": "${flag[topic]}",
    "http.url": "${flag[url]}",
    "http.in.flight": "$((connections / tasks))",
    "http.batch": "${flag[batch]}",
    "consumer.override.group.id": "${flag[group]}",
    "consumer.override.auto.offset.reset": "earliest",
    "consumer.override.max.poll.records": "2000"
}
CONNECTOR
