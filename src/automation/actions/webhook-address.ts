/** Restricts webhook targets: by URL when they are configured, and by IP address when they are called. */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { WebhookConfig } from '../../config/config.ts';

/** Global unicast IPv6 (2000::/3); other ranges are refused. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether the address is a public unicast address: not private, loopback, link-local, multicast,
 * carrier-grade NAT, reserved, nor an IPv6 address that embeds an IPv4 one (mapped, NAT64, 6to4, Teredo).
 */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0) {
    return false;
  }
  const parsed = ipaddr.parse(address);
  return parsed.range() === 'unicast' && (parsed.kind() === 'ipv4' || parsed.match(GLOBAL_UNICAST));
}

/** The host of a URL for the resolver: an IPv6 address without its brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

/**
 * The fault of a webhook's URL, such as `must be an https URL`; undefined when there is none. Host names are
 * resolved only when the webhook is called.
 */
export function refusalOfWebhookUrl(
  text: string,
  { allowHttp, allowPrivate }: WebhookConfig,
): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !(url.protocol === 'https:' || (allowHttp && url.protocol === 'http:'))) {
    return allowHttp ? 'must be an http or https URL' : 'must be an https URL';
  }
  if (url.username || url.password) {
    return 'must not carry a user name or password';
  }
  if (!allowPrivate && isIP(hostOf(url)) !== 0 && !isPublicAddress(hostOf(url))) {
    return 'must not name an address that is not public';
  }
  return undefined;
}
