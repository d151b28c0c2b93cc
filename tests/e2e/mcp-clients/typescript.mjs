// A client on a TypeScript SDK, as the SDK's own examples write it: `connect`, and on `UnauthorizedError` the
// browser, `finishAuth`, and the same again.

import { Person } from './person.mjs';
import { told } from './told.mjs';

export class TypeScriptClient {
  #sdk;
  #browser;
  #url;
  #person;
  #transport;
  #client;

  /** `sdk`: `newClient()`, `Transport`, `UnauthorizedError`, and `codeOf(answer)` for `finishAuth`. */
  constructor(sdk, browser, url) {
    this.#sdk = sdk;
    this.#browser = browser;
    this.#url = new URL(url);
  }

  async connect({ client_id: clientId }) {
    await this.end();
    this.#person = new Person(this.#browser, clientId);
    await this.#authorized(() => this.#open());
  }

  async call(name) {
    return told(await this.#authorized(() => this.#client.callTool({ name, arguments: { id: 1 } })));
  }

  async end() { await this.#client?.close(); }

  async #open() {
    this.#transport = new this.#sdk.Transport(this.#url, { authProvider: this.#person });
    this.#client = this.#sdk.newClient();
    await this.#client.connect(this.#transport);
  }

  async #authorized(attempt) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof this.#sdk.UnauthorizedError)) throw error;
      await this.#transport.finishAuth(this.#sdk.codeOf(this.#person.takeAnswer()));
      return await attempt();
    }
  }
}
