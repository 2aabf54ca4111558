/** A message's text, understood. */
export type Block =
  | { readonly is: 'paragraph'; readonly inside: readonly Inline[] }
  | { readonly is: 'code'; readonly language: string | null; readonly text: string }
  | { readonly is: 'quote'; readonly inside: readonly Block[] }
  | { readonly is: 'list'; readonly start: number | null; readonly items: readonly (readonly Block[])[] };

export type Inline =
  | { readonly is: 'text'; readonly text: string }
  | { readonly is: 'break' }
  | { readonly is: 'code'; readonly text: string }
  | { readonly is: 'strong' | 'emphasis' | 'strike'; readonly inside: readonly Inline[] }
  | { readonly is: 'link'; readonly href: string; readonly inside: readonly Inline[] };
