import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { isIPv4 } from 'node:net'

// A certificate as RFC 5280 §4.1 has it, in DER. Node signs, and has no function that makes one.

const encode = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts)
  const size = content.length
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}
const sequence = (...parts: readonly Buffer[]) => encode(0x30, ...parts)
const oid = (hex: string) => encode(0x06, Buffer.from(hex, 'hex'))
const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'))
const commonName = (text: string) => sequence(encode(0x31, sequence(oid('550403'), encode(0x0c, Buffer.from(text)))))
const time = (date: Date) => encode(0x17, Buffer.from(`${date.toISOString().slice(2, 19).replace(/\D/g, '')}Z`))
const extension = (id: string, value: Buffer) => sequence(oid(id), encode(0x04, value))

/** A self-signed certificate, which is its own authority, for one name or IPv4 address. */
export function createCertificate(host: string): { readonly cert: string; readonly key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const name = commonName(`test ${host}`)
  const hour = 3_600_000
  const alternative = isIPv4(host)
    ? encode(0x87, Buffer.from(host.split('.').map(Number)))
    : encode(0x82, Buffer.from(host))
  const certificate = sequence(
    encode(0xa0, encode(0x02, Buffer.from([2]))),
    encode(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    name,
    sequence(time(new Date(Date.now() - hour)), time(new Date(Date.now() + 24 * hour))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    encode(
      0xa3,
      sequence(
        extension('551d13', sequence(encode(0x01, Buffer.from([0xff])))),
        extension('551d11', sequence(alternative)),
      ),
    ),
  )
  const signature = sign('sha256', certificate, privateKey)
  const der = sequence(certificate, ecdsaWithSha256, encode(0x03, Buffer.from([0]), signature))
  const lines = der.toString('base64').replace(/.{64}(?=.)/g, '$&\n')
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}
