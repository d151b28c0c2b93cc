/** A browser whose user is signed in: the authorization server answers with a redirect at once. */
export const signedIn = {
  /** Loopback, with a port that is in no list of redirect URIs. */
  redirectUrl: 'http://127.0.0.1:49152/callback',

  async visit(url) {
    const { headers, status } = await fetch(url, { redirect: 'manual' });
    const location = headers.get('location');
    if (!location?.startsWith(this.redirectUrl)) throw new Error(`the authorization endpoint answered ${status}`);
    return new URL(location).searchParams;
  },
};
