import { describe, expect, test } from 'vitest'
import { createTargetAddresses } from '../../src/events/target-addresses.ts'
import { specialAddresses } from '../support/special-addresses.ts'

const { isAllowed } = createTargetAddresses([])

describe('the gateway may connect to a public address', () => {
  test.each(['8.8.8.8', '193.0.6.139', '1.1.1.1', '2001:67c:2e8:22::c100:68b', '2a00:1450:4001::1', '2606:4700::1'])(
    '%s',
    (address) => expect(isAllowed(address)).toBe(true),
  )
})

describe('the gateway may not connect to', () => {
  test.each(specialAddresses)('the special address %s', (address) => expect(isAllowed(address)).toBe(false))

  test.each(['127.1', '0x7f.1', '0177.0.0.1', '2130706433', '8.8', '08.8.8.8', '8.8.8.8 ', '', 'localhost', '[::1]'])(
    'a text that is no plain address: %j',
    (address) => expect(isAllowed(address)).toBe(false),
  )
})

describe('a named network', () => {
  const named = createTargetAddresses(['10.1.0.0/16', 'fd12::/32', '127.0.0.1'])

  test.each(['10.1.2.3', 'fd12::7', '127.0.0.1', '8.8.8.8'])('opens %s', (address) =>
    expect(named.isAllowed(address)).toBe(true),
  )

  test.each(['10.2.0.1', 'fd13::1', '127.0.0.2', '::1', '169.254.169.254', '192.168.1.1'])(
    'leaves %s closed',
    (address) => expect(named.isAllowed(address)).toBe(false),
  )
})
