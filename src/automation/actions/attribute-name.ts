/** What the field of an action on attributes is called among the athlete's. */

/** `level` for `custom.level`. */
export function attributeNameOf(field: string): string {
  return field.replace(/^custom\./, '');
}
