/** What the build makes: see proto-comments.ts. */
declare module 'virtual:proto-comments' {
  /** By full name. */
  const comments: Readonly<Record<string, string>>;
  export default comments;
}
