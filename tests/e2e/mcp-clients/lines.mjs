// The protocol of a client program: one JSON object per line in, one out. README.md has the lines.

import { Console } from 'node:console';
import { createInterface } from 'node:readline';

// stdout carries our protocol and nothing else.
globalThis.console = new Console(process.stderr);

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

/** Answers lines until stdin closes. `client` has `connect(clientId)`, `call(tool)` and perhaps `end()`. */
export async function serve(client) {
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    try {
      if (request.connect) {
        await client.connect(request.connect);
        say({ connected: true });
      } else {
        say(await client.call(request.call));
      }
    } catch (error) {
      say({ error: `${error.name}: ${error.message}` });
    }
  }
  await client.end?.();
  process.exit(0);
}
