/**
 * The English sentence of each violation, by the rule's id. `%{name}` stands for a parameter. Sentences and ids are
 * contract; the first four are the platform's (`docs/platform.md` §2). No sentence repeats the value that it judges.
 */
export const violationTexts = {
  required: 'required property %{property} was not present',
  type: 'type mismatch. Expected %{expected} but got %{actual}',
  pattern: 'string does not match pattern "%{pattern}"',
  length: 'expected value to have a maximum length of %{max} but was %{actual}',

  not_storable: 'NUL and ill-formed Unicode are not allowed',
  uuid: 'value is not a UUID',
  host_name: 'value is not the name of a host',
  range: 'expected the value to be from %{min} to %{max}',
  repeated: 'expected the parameter once, but it was given more than once',
  whole_number: 'expected a whole number of at least %{min}',
  cursor: 'value is not a cursor of this list',
  cursor_direction: 'after cannot be combined with last or before',
  one_of: 'expected one of: %{values}',
  empty_list: 'expected at least one item',
  date_time: 'value is not a date with a time and an offset (RFC 3339) of the years 1 to 9999',
  time_order: 'expected the beginning of the time to be before its end',
  replay_range: 'expected either from and to, or a connection',
  event_ids: 'expected from 1 to %{max} ids of events, each chg_ and a number',
  url_of_poll: 'a subscription of the method POLL has no url',
  reach_all: 'the reach ALL is for subscriptions of the own client only',
  change_kind: 'the change is not one of the redirect URI: there is nothing to go back to',

  invisible_character:
    'invisible characters (control, blank, format, bidirectional, ignorable) and ill-formed text are not allowed, ' +
    'found %{character}',
  delimiter: 'none of the characters \\ < > " ` { } | ^ * is allowed, found %{character}',
  fragment: 'a fragment is not allowed, not even an empty one',
  percent_digits: 'every % must be followed by two hexadecimal digits',
  percent_control: 'percent-encoded control characters are not allowed',
  percent_utf8: 'percent-encoded octets must be well-formed UTF-8',
  user_info: 'user information (anything before an @) is not allowed',
  port: 'port must be a number from 1 to 65535 without leading zeros',
  host_empty: 'host must not be empty',
  host_brackets: 'host must not be an address in brackets',
  host_character: 'host may hold letters, digits, hyphens, underscores and combining marks only, found %{character}',
  host_empty_label: 'host must not have an empty label or a trailing dot',
  host_one_label: 'host must have at least two labels',
  host_length: 'host must have at most 63 characters in each label and 253 in all, in ASCII form',
  host_hyphen: 'host labels must not begin or end with a hyphen',
  host_form: 'host must be in its UTS 46 form, each label a U-label or a valid A-label',
  host_number: 'host that ends in a number must be four decimal numbers of 0 to 255 without leading zeros',
  host_special: 'host must not be an unspecified, loopback, link-local, multicast or reserved address',
  host_localhost: 'host must not be localhost',
  dot_segment: 'path must not have a dot segment, plain or percent-encoded',
  dot_segment_parameters: 'path must not have a dot segment with path parameters',
  encoded_slash: 'path must not have an encoded slash beside two dots',
  target_port: 'port of a target of events must be 443',
  target_address: 'host must not be an address of a private or special network',
  challenge_status: 'the endpoint answered the challenge with another status than 2xx',
  challenge_echo: 'the answer of the endpoint did not repeat the challenge',
  challenge_address: 'the host has no address to which events may be sent',
  challenge_timeout: 'the endpoint did not answer the challenge in time',
  challenge_tls: 'no TLS connection to the endpoint: its certificate or protocol is not acceptable',
  challenge_connection: 'no connection to the endpoint, or it broke before the answer',
} as const

export type ViolationId = keyof typeof violationTexts
