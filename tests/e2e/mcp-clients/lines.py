"""The protocol of a client program: one JSON object per line in, one out. README.md has the lines."""

import asyncio
import json
import sys
import traceback


def told(result, is_error):
    """Returns a result of `tools/call` as the protocol has it."""
    return {"text": "".join(getattr(part, "text", "") for part in result.content), "is_error": is_error}


def causes(error):
    """Returns the innermost errors: an exception group only says that there are some."""
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(causes(inner) for inner in error.exceptions)
    return f"{type(error).__name__}: {error}"


async def serve(client):
    """Answers lines until stdin closes. `client` has `connect(client_id)`, `call(tool)` and `end()`."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        request = json.loads(line)
        try:
            if "connect" in request:
                await client.connect(request["connect"].get("client_id"))
                answer = {"connected": True}
            else:
                answer = await client.call(request["call"])
        except Exception as error:
            traceback.print_exc()
            answer = {"error": causes(error)}
        print(json.dumps(answer), flush=True)
    await client.end()
