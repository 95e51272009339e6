/** Which addresses and URLs webhooks may go to. */
import { describe, expect, test } from 'vitest';
import { isPublicAddress, refusalOfWebhookUrl } from '../../../src/automation/actions/webhook-address.ts';

const STRICT = { allowHttp: false, allowPrivate: false };

describe('public addresses', () => {
  test.each([
    '1.1.1.1',
    '93.184.215.14',
    '172.15.255.255',
    '172.32.0.1',
    '100.63.255.255',
    '100.128.0.1',
    '169.253.1.1',
    '2606:4700:4700::1111',
    '2a00:1450:4001:800::200e',
  ])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  test.each([
    ['this host', '0.0.0.0'],
    ['this network', '0.1.2.3'],
    ['private', '10.0.0.1'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['private', '192.168.1.1'],
    ['shared by a carrier', '100.64.0.1'],
    ['shared by a carrier', '100.127.255.254'],
    ['loopback', '127.0.0.1'],
    ['loopback', '127.255.255.254'],
    ['link-local', '169.254.169.254'],
    ['protocol assignments', '192.0.0.8'],
    ['documentation', '192.0.2.1'],
    ['documentation', '198.51.100.1'],
    ['documentation', '203.0.113.1'],
    ['benchmarks', '198.18.0.1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['this host', '::'],
    ['loopback', '::1'],
    ['IPv4-compatible', '::127.0.0.1'],
    ['IPv4-mapped', '::ffff:127.0.0.1'],
    ['IPv4-mapped, of a public one', '::ffff:1.1.1.1'],
    ['IPv4-mapped in hexadecimal', '::ffff:7f00:1'],
    ['IPv4-translated', '::ffff:0:127.0.0.1'],
    ['NAT64', '64:ff9b::7f00:1'],
    ['NAT64, of a public one', '64:ff9b::1.1.1.1'],
    ['NAT64 for local use', '64:ff9b:1::a00:1'],
    ['discarded', '100::1'],
    ['6to4', '2002:7f00:1::1'],
    ['Teredo', '2001:0:7f00:1::'],
    ['documentation', '2001:db8::1'],
    ['documentation', '3fff::1'],
    ['unique local', 'fc00::1'],
    ['unique local', 'fdff::1'],
    ['link-local', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%lo'],
    ['site-local', 'fec0::1'],
    ['multicast', 'ff02::1'],
    ['unassigned', '4000::1'],
    ['no address', 'localhost'],
    ['no address', '127.1'],
    ['no address', ''],
  ])('%s is not public: %s', (_kind, address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('URLs', () => {
  test.each(['https://hooks.example/path?a=b', 'https://1.1.1.1/', 'https://[2606:4700:4700::1111]:8443/'])(
    '%s is taken',
    (url) => {
      expect(refusalOfWebhookUrl(url, STRICT)).toBeUndefined();
    },
  );

  test.each([
    ['', 'must be an https URL'],
    ['hooks.example', 'must be an https URL'],
    ['/path', 'must be an https URL'],
    ['http://hooks.example/', 'must be an https URL'],
    ['ftp://hooks.example/', 'must be an https URL'],
    ['file:///etc/passwd', 'must be an https URL'],
    ['https://coach:word@hooks.example/', 'must not carry a user name or password'],
    ['https://coach@hooks.example/', 'must not carry a user name or password'],
    ['https://127.0.0.1/', 'must not name an address that is not public'],
    ['https://127.1/', 'must not name an address that is not public'],
    ['https://2130706433/', 'must not name an address that is not public'],
    ['https://0x7f.1/', 'must not name an address that is not public'],
    ['https://0177.0.0.1/', 'must not name an address that is not public'],
    ['https://[::1]/', 'must not name an address that is not public'],
    ['https://[::ffff:169.254.169.254]/', 'must not name an address that is not public'],
    ['https://[64:ff9b::a00:1]/', 'must not name an address that is not public'],
  ])('%s is refused: it %s', (url, refusal) => {
    expect(refusalOfWebhookUrl(url, STRICT)).toBe(refusal);
  });

  test('http and private addresses are accepted when the server allows them', () => {
    const allowHttp = { allowHttp: true, allowPrivate: false };
    const allowPrivate = { allowHttp: false, allowPrivate: true };

    expect(refusalOfWebhookUrl('http://hooks.example/', allowHttp)).toBeUndefined();
    expect(refusalOfWebhookUrl('ftp://hooks.example/', allowHttp)).toBe('must be an http or https URL');
    expect(refusalOfWebhookUrl('http://127.0.0.1/', allowHttp)).toMatch('not public');
    expect(refusalOfWebhookUrl('https://127.0.0.1/', allowPrivate)).toBeUndefined();
    expect(refusalOfWebhookUrl('http://127.0.0.1/', allowPrivate)).toMatch('https');
  });
});
