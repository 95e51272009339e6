/** A trial: credentials that last as long as the process, so that its port may be open to others. */
import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { type Config, DEMO_ACCOUNT_ID } from '../config/config.ts';

const ISSUER = 'progression-trial';
const AUDIENCE = 'progression-service';
const TOKEN_LIFETIME = '24h';

export interface Trial {
  /** The same configuration, with tokens of the trial's key as the only credentials. */
  readonly config: Config;
  /** For the demo account, with every role that it takes to try all methods. */
  readonly token: string;
}

/** The key is in the memory of this process only. */
export async function openTrial(config: Config): Promise<Trial> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const token = await new SignJWT({ account_id: DEMO_ACCOUNT_ID, roles: ['admin', 'service'] })
    .setProtectedHeader({ alg: 'EdDSA' })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject('trial')
    .setIssuedAt()
    .setExpirationTime(TOKEN_LIFETIME)
    .sign(privateKey);
  const auth = {
    mode: 'jwt',
    token: {
      publicKey: `${publicKey.export({ format: 'pem', type: 'spki' })}`,
      ...{ keysUrl: '', publicKeyFile: '', issuer: ISSUER, audience: AUDIENCE, algorithms: ['EdDSA'] },
      ...{ accountClaim: 'account_id', rolesClaim: 'roles' },
    },
  } as const;
  return { config: { ...config, auth }, token };
}
