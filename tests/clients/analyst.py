import asyncio, sys, nats

async def main(server, province):
    client = await nats.connect(server)
    feed = await client.jetstream().subscribe(f"chiso.{province}.projection.index.IndexChanged.>", ordered_consumer=True)
    async for message in feed.messages:
        print(message.data.decode(), flush=True)

asyncio.run(main(*sys.argv[1:]))
