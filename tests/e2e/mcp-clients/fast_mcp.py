"""`fastmcp` from PyPI: its own callback server, and the browser that `webbrowser` finds."""

import asyncio
import sys
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from contextlib import AsyncExitStack

from fastmcp import Client
from fastmcp.client.auth import OAuth
from lines import serve, told

PATIENCE = 30
"""Seconds for one request, or one login, as a bound."""


class NotFollowed(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Browser(webbrowser.BaseBrowser):
    """A browser whose user is signed in: it follows the redirect to the callback."""

    def open(self, url, new=0, autoraise=True):
        threading.Thread(target=self.visit, args=[url], daemon=True).start()
        return True

    def visit(self, url):
        try:
            urllib.request.build_opener(NotFollowed).open(url, timeout=PATIENCE)
        except urllib.error.HTTPError as redirect:
            location = redirect.headers["location"]
        # fastmcp opens the browser before its callback server listens.
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                return urllib.request.urlopen(location, timeout=PATIENCE).close()
            except urllib.error.HTTPError:
                return None
            except OSError:
                time.sleep(0.05)


class FastMcp:
    def __init__(self, url):
        self.url, self.open = url, AsyncExitStack()

    async def connect(self, client_id):
        await self.end()
        auth = OAuth(client_id=client_id, callback_timeout=PATIENCE)
        async with AsyncExitStack() as opening:
            self.client = await opening.enter_async_context(Client(self.url, auth=auth, timeout=PATIENCE))
            self.open = opening.pop_all()

    async def call(self, tool):
        result = await self.client.call_tool(tool, {"id": 1}, raise_on_error=False)
        return told(result, result.is_error)

    async def end(self):
        await self.open.aclose()


webbrowser.register("tests", None, Browser(), preferred=True)
asyncio.run(serve(FastMcp(sys.argv[1])))
