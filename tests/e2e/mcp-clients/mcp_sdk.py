"""`mcp` from PyPI."""

import asyncio
import sys
from contextlib import AsyncExitStack

import httpx2
from lines import serve, told
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata

REDIRECT_URL = "http://127.0.0.1:49152/callback"
"""Loopback, with a port that is in no list of redirect URIs."""

PATIENCE = 30
"""Seconds for one request, as a bound."""


class Memory:
    """A `TokenStorage`."""

    def __init__(self, client):
        self.tokens, self.client = None, client

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


class Person:
    """Opens the page; signed in already, so the authorization server answers with a redirect at once."""

    async def open(self, url):
        async with httpx2.AsyncClient() as browser:
            response = await browser.get(url)
        location = response.headers.get("location", "")
        if not location.startswith(REDIRECT_URL):
            raise RuntimeError(f"the authorization endpoint answered {response.status_code}")
        self.answer = httpx2.URL(location).params

    async def answered(self):
        answer = self.answer
        return AuthorizationCodeResult(code=answer["code"], state=answer.get("state"), iss=answer.get("iss"))


class Sdk:
    def __init__(self, url):
        self.url, self.open = url, AsyncExitStack()

    async def connect(self, client_id):
        await self.end()
        metadata = OAuthClientMetadata(
            client_name="a client of the tests",
            redirect_uris=[REDIRECT_URL],
            token_endpoint_auth_method="none",
        )
        client = None
        if client_id is not None:
            client = OAuthClientInformationFull(client_id=client_id, **metadata.model_dump(exclude_none=True))
        person = Person()
        auth = OAuthClientProvider(self.url, metadata, Memory(client), person.open, person.answered)
        async with AsyncExitStack() as opening:
            http = await opening.enter_async_context(httpx2.AsyncClient(auth=auth, timeout=PATIENCE))
            transport = streamable_http_client(self.url, http_client=http)
            self.client = await opening.enter_async_context(Client(transport, read_timeout_seconds=PATIENCE))
            self.open = opening.pop_all()

    async def call(self, tool):
        result = await self.client.call_tool(tool, {"id": 1})
        return told(result, result.is_error)

    async def end(self):
        await self.open.aclose()


asyncio.run(serve(Sdk(sys.argv[1])))
