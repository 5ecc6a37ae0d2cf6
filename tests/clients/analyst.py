import asyncio, ssl, sys, nats

async def main(server, ca, province):
    client = await nats.connect(server, tls=ssl.create_default_context(cafile=ca))
    feed = await client.subscribe(f"chiso.{province}.projection.index.IndexChanged.>")
    print("listening", flush=True)
    async for message in feed.messages:
        print(message.data.decode(), flush=True)

asyncio.run(main(*sys.argv[1:]))
