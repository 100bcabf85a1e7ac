import { describe, expect, test } from 'vitest'
import { eventTargetViolations } from '../../src/domain/event-target.ts'
import { createTargetAddresses } from '../../src/events/target-addresses.ts'

const none = createTargetAddresses([])
const idsOf = (value: unknown, addresses = none) => eventTargetViolations(value, addresses).map(({ id }) => id)

describe('a target is valid', () => {
  test.each([
    'https://events.mis.example.ua/mithril',
    'https://events.mis.example.ua',
    'https://events.mis.example.ua:443/a?b=c',
    'https://події.example.ua/',
    'https://8.8.8.8/hook',
  ])('%s', (value) => expect(idsOf(value)).toEqual([]))
})

describe('a target is not valid', () => {
  test.each([
    ['http://mis.example.ua/', ['pattern']],
    ['HTTPS://mis.example.ua/', ['pattern']],
    ['ftp://mis.example.ua/', ['pattern']],
    ['mis.example.ua', ['pattern']],
    ['', ['pattern']],
    ['https://mis.example.ua:8443/', ['target_port']],
    ['https://mis.example.ua:0443/', ['port', 'target_port']],
    ['https://user@mis.example.ua/', ['user_info']],
    ['https://mis.example.ua/#a', ['fragment']],
    ['https://localhost/', ['host_one_label', 'host_localhost']],
    ['https://mis/', ['host_one_label']],
    ['https://mis.example.ua./', ['host_empty_label']],
    ['https://[::1]/', ['host_brackets']],
    ['https://[::ffff:8.8.8.8]/', ['host_brackets']],
    ['https://127.1/', ['host_number']],
    ['https://0x7f000001/', ['host_one_label', 'host_number']],
    ['https://2130706433/', ['host_one_label', 'host_number']],
    ['https://127.0.0.1/', ['host_special']],
    ['https://169.254.169.254/latest/meta-data', ['host_special']],
    ['https://10.0.0.1/', ['target_address']],
    ['https://192.168.0.1/', ['target_address']],
    ['https://100.64.0.1/', ['target_address']],
    ['https://192.0.2.1/', ['target_address']],
    ['https://168.63.129.16/', ['target_address']],
    ['https://mis.example.ua/\u0000', ['not_storable']],
    [`https://mis.example.ua/${'a'.repeat(500)}`, ['length']],
    [7, ['type']],
    [null, ['type']],
  ])('%j: %j', (value, expected) => expect(idsOf(value)).toEqual(expected))
})

describe('a named network', () => {
  const named = createTargetAddresses(['10.1.0.0/16', '127.0.0.1'])

  test.each(['http://10.1.0.9:8080/hook', 'https://10.1.0.9:8443/', 'https://10.1.0.9/', 'http://127.0.0.1:9000/'])(
    'opens the literal address %s',
    (value) => expect(idsOf(value, named)).toEqual([]),
  )

  test.each([
    ['http://10.2.0.9:8080/', ['pattern', 'target_port', 'target_address']],
    ['https://127.0.0.2/', ['host_special']],
    ['http://mis.example.ua:8080/', ['pattern', 'target_port']],
    ['http://127.0.0.1:0/', ['port']],
    ['http://user@127.0.0.1/', ['user_info']],
  ])('leaves %s closed', (value, expected) => expect(idsOf(value, named)).toEqual(expected))
})
