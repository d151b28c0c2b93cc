// Records of the authorization server, and the current roles of clients and people.

const ORGANIZATION = { '340000000000000200': 'acme.auth.example.com' };

/** Kinds of record that introspection returns. */
const TOKENS = ['AccessToken', 'ClientCredentials'];

/** Returns the library's `adapter` hook, and the changes that a test makes directly. */
export function createStore({ audience, roleClaims }) {
  const rolesOf = new Map();
  const kinds = new Map();
  const recordsOf = (kind) => {
    if (!kinds.has(kind)) kinds.set(kind, new Map());
    return kinds.get(kind);
  };

  function deleteWhere(kind, matches) {
    const records = recordsOf(kind);
    for (const [id, record] of records) if (matches(record)) records.delete(id);
  }

  /** The claim as ZITADEL shapes it, role to granting organizations; without a role there is no claim. */
  function claimsOf(id) {
    const roles = rolesOf.get(id) ?? [];
    if (roles.length === 0) return undefined;
    const granted = Object.fromEntries(roles.map((role) => [role, ORGANIZATION]));
    return Object.fromEntries(roleClaims.map((claim) => [claim, granted]));
  }

  class Adapter {
    constructor(kind) {
      this.kind = kind;
      this.records = recordsOf(kind);
    }

    async upsert(id, record) {
      // As at ZITADEL, a refresh kills the access token that it replaces.
      if (this.kind === 'AccessToken') deleteWhere(this.kind, ({ grantId }) => grantId === record.grantId);
      this.records.set(id, record);
    }

    async destroy(id) { this.records.delete(id); }

    async consume(id) { this.records.get(id).consumed = Math.floor(Date.now() / 1000); }

    /** `extra` is merged into the introspection response; read here, it has the current roles. */
    async find(id) {
      const record = this.records.get(id);
      if (!record || !TOKENS.includes(this.kind)) return record;
      return { ...record, aud: audience, extra: claimsOf(record.accountId ?? record.clientId) };
    }

    async findByUid(uid) { return [...this.records.values()].find((record) => record.uid === uid); }

    async revokeByGrantId(grantId) { deleteWhere(this.kind, (record) => record.grantId === grantId); }
  }

  return {
    adapter: Adapter,
    grant: (id, roles) => rolesOf.set(id, roles),
    ungrant: (id) => (rolesOf.get(id) ?? []).length > 0 && rolesOf.delete(id),
    revoke(accountId, kindsToRevoke) {
      for (const kind of kindsToRevoke) deleteWhere(kind, (record) => record.accountId === accountId);
    },
  };
}
