/** The one way out of the service for webhooks: posts a signed message, to public addresses only. */

/** A message, and where it goes. */
export interface WebhookCall {
  /** See refuseWebhookUrl. */
  readonly url: string;
  /** `whsec_` and base64; empty: the message is not signed. */
  readonly secret: string;
  /** The same for each try of one message. */
  readonly id: string;
  /** When this try is made, in seconds since 1970. */
  readonly timestampS: number;
  readonly body: string;
}

/** What became of a call. */
export type WebhookAnswer =
  /** 2xx. */
  | { readonly kind: 'ACCEPTED' }
  /** Another try may succeed. */
  | {
      readonly kind: 'TRY_AGAIN';
      readonly reason: 'WEBHOOK_TIMEOUT' | 'WEBHOOK_UNREACHABLE' | 'WEBHOOK_BUSY';
    }
  | { readonly kind: 'REFUSED'; readonly reason: 'WEBHOOK_REFUSED' | 'WEBHOOK_ADDRESS_REFUSED' };

export interface WebhookPort {
  /** Never rejects. */
  post(call: WebhookCall): Promise<WebhookAnswer>;
}
