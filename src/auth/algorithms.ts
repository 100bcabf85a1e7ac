/**
 * The signature algorithms (JWS `alg`) that may be configured: asymmetric ones only. `none` and the HMAC family are not
 * among them, since with public keys an HMAC could be made by anybody who has read the key set (RFC 8725 §2.1).
 */
const asymmetric = /^(?:(?:RS|PS|ES)(?:256|384|512)|EdDSA|Ed25519|ML-DSA-(?:44|65|87))$/

/** Whether a text names an asymmetric signature algorithm that jose can verify. */
export function isSignatureAlgorithm(name: string): boolean {
  return asymmetric.test(name)
}
