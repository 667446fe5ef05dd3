"""Python with aiohttp: reads a topic with confluent-kafka and posts its records in batches.

What one writes in an afternoon: three attempts, then the batch is logged and lost; Kafka's own
automatic commits. With --fast it parses and writes JSON with orjson and runs on uvloop.
"""
import argparse
import asyncio
import json
import logging
import signal

import aiohttp
from confluent_kafka import Consumer

HEADERS = {"Authorization": "Tecton-key k", "Content-Type": "application/json"}
ATTEMPTS = 3


def parse_flags():
    flags = argparse.ArgumentParser()
    for name in ("--bootstrap", "--topic", "--group", "--url"):
        flags.add_argument(name, required=True)
    flags.add_argument("--connections", type=int, required=True)
    flags.add_argument("--batch", type=int, required=True)
    flags.add_argument("--fast", action="store_true")
    return flags.parse_args()


def new_consumer(flags):
    consumer = Consumer({
        "bootstrap.servers": flags.bootstrap, "group.id": flags.group,
        "auto.offset.reset": "earliest",
        # The default of a second starves a reader with a queue as small as this one.
        "queued.max.messages.kbytes": 16384, "fetch.queue.backoff.ms": 10,
    })
    consumer.subscribe([flags.topic])
    return consumer


async def read(consumer, flags, stopped, batches):
    while not stopped.is_set():
        messages = await asyncio.to_thread(consumer.consume, 1000, 0.1)
        values = [message.value() for message in messages if message.error() is None]
        for start in range(0, len(values), flags.batch):
            await batches.put(values[start:start + flags.batch])
    for _ in range(flags.connections):
        await batches.put(None)


async def send(session, url, loads, dumps, batches):
    while (values := await batches.get()) is not None:
        body = dumps({"workspace_name": "w", "dry_run": False,
                      "records": {"clicks": [{"record": loads(value)} for value in values]}})
        for attempt in range(ATTEMPTS):
            try:
                async with session.post(url, data=body, headers=HEADERS) as answer:
                    await answer.read()
                    answer.raise_for_status()
                break
            except aiohttp.ClientError as error:
                if attempt + 1 == ATTEMPTS:
                    logging.error("lost a batch: %s", error)
                else:
                    await asyncio.sleep(0.2 * 2 ** attempt)


async def run(flags, loads, dumps):
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    batches = asyncio.Queue(2 * flags.connections)
    consumer = new_consumer(flags)
    connector = aiohttp.TCPConnector(limit=flags.connections)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:
        senders = [send(session, flags.url, loads, dumps, batches)
                   for _ in range(flags.connections)]
        await asyncio.gather(read(consumer, flags, stopped, batches), *senders)
    consumer.close()


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


def main():
    flags = parse_flags()
    if flags.fast:
        import orjson
        import uvloop
        uvloop.run(run(flags, orjson.loads, orjson.dumps))
    else:
        asyncio.run(run(flags, json.loads, compact))


main()
