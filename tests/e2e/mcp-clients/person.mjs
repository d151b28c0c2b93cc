// Memory and browser of a program that uses a TypeScript SDK.

/** An `OAuthClientProvider`. `clientId` is that of a pre-registered client; without it the SDK registers one. */
export class Person {
  #tokens;
  #verifier;
  #client;
  #browser;
  #answer;

  /** `browser`: its `redirectUrl`, and `visit(url)` for the parameters that the redirect URL is called with. */
  constructor(browser, clientId) {
    this.#browser = browser;
    this.#client = clientId && { client_id: clientId };
  }

  get redirectUrl() { return this.#browser.redirectUrl; }

  get clientMetadata() {
    return {
      client_name: 'a client of the tests',
      redirect_uris: [this.redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    };
  }

  clientInformation() { return this.#client; }
  saveClientInformation(client) { this.#client = client; }
  tokens() { return this.#tokens; }
  saveTokens(tokens) { this.#tokens = tokens; }
  codeVerifier() { return this.#verifier; }
  saveCodeVerifier(verifier) { this.#verifier = verifier; }

  invalidateCredentials(scope) {
    if (scope === 'all' || scope === 'tokens') this.#tokens = undefined;
  }

  async redirectToAuthorization(url) { this.#answer = await this.#browser.visit(url); }

  /** Returns the answer to the last visit, once. */
  takeAnswer() {
    const answer = this.#answer;
    this.#answer = undefined;
    if (!answer?.has('code')) throw new Error(`no code: ${answer?.get('error') ?? 'nobody was sent to log in'}`);
    return answer;
  }
}
