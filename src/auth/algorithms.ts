/**
 * The signature algorithms (JWS `alg`) that may be configured: the asymmetric ones that jose and Node verify. `none`
 * and the HMAC family are missing, because everybody can make an HMAC with a public key (RFC 8725 §2.1).
 */
export const signatureAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'ML-DSA-44',
  'ML-DSA-65',
  'ML-DSA-87',
] as const

export type SignatureAlgorithm = (typeof signatureAlgorithms)[number]

/** Whether a text names one of them. */
export function isSignatureAlgorithm(name: string): name is SignatureAlgorithm {
  return signatureAlgorithms.some((known) => known === name)
}
