import { describe, expect, it } from 'vitest';
import { safeUrl } from '../../src/conversation/markdown/addresses';
import { parseBlocks } from '../../src/conversation/markdown/blocks';
import type { Block, Inline } from '../../src/conversation/markdown/tree';

/** The tree in short: `<b>bold</b>`; text is as it is. */
function shown(text: string): string {
  return parseBlocks(text).map(block).join('');
}

function block(each: Block): string {
  switch (each.is) {
    case 'paragraph':
      return `<p>${each.inside.map(inline).join('')}</p>`;
    case 'code':
      return `<pre${each.language === null ? '' : ` ${each.language}`}>${each.text}</pre>`;
    case 'quote':
      return `<q>${each.inside.map(block).join('')}</q>`;
    case 'list': {
      const name = each.start === null ? 'ul' : `ol ${String(each.start)}`;
      return `<${name}>${each.items.map((item) => `<li>${item.map(block).join('')}</li>`).join('')}</list>`;
    }
  }
}

function inline(each: Inline): string {
  switch (each.is) {
    case 'text':
      return each.text;
    case 'break':
      return '<br>';
    case 'code':
      return `<c>${each.text}</c>`;
    case 'link':
      return `<a ${each.href}>${each.inside.map(inline).join('')}</a>`;
    default: {
      const name = { strong: 'b', emphasis: 'i', strike: 's' }[each.is];
      return `<${name}>${each.inside.map(inline).join('')}</${name}>`;
    }
  }
}

describe('marks within a line', () => {
  it.each([
    ['plain words', 'plain words'],
    [
      '**bold** and *italic* and _italic_ and ~~gone~~',
      '<b>bold</b> and <i>italic</i> and <i>italic</i> and <s>gone</s>',
    ],
    ['__bold__', '<b>bold</b>'],
    ['***both***', '<b><i>both</i></b>'],
    ['**bold *and italic* words**', '<b>bold <i>and italic</i> words</b>'],
    ['half**bold**word', 'half<b>bold</b>word'],
    ['snake_case_name and 2*3*4', 'snake_case_name and 2*3*4'],
    ['a * b * c ** d', 'a * b * c ** d'],
    ['**open', '**open'],
    ['*open **bold**', '*open <b>bold</b>'],
    ['****', '****'],
    ['~one~', '~one~'],
    ['\\*not italic\\*', '*not italic*'],
    ['back\\slash', 'back\\slash'],
    ['`code **with** marks`', '<c>code **with** marks</c>'],
    ['`` a ` b ``', '<c>a ` b</c>'],
    ['`open', '`open'],
    ['``open `code`', '``open <c>code</c>'],
    ['two\nlines', 'two<br>lines'],
    ['**über**maß', '<b>über</b>maß'],
  ])('%j is %j', (text, expected) => {
    expect(shown(text)).toBe(`<p>${expected}</p>`);
  });
});

describe('links', () => {
  it.each([
    ['[docs](https://a.example/x)', '<a https://a.example/x>docs</a>'],
    ['[**bold** docs](https://a.example)', '<a https://a.example><b>bold</b> docs</a>'],
    ['[](https://a.example)', '<a https://a.example>https://a.example</a>'],
    ['[w](https://a.example/a_(b) "title")', '<a https://a.example/a_(b)>w</a>'],
    ['[not] (a link)', '[not] (a link)'],
    ['[open', '[open'],
    ['](x)', '](x)'],
    ['[a [b](https://b.example) c](https://c.example)', '<a https://c.example>a b c</a>'],
    ['see https://a.example/x?y=1#z.', 'see <a https://a.example/x?y=1#z>https://a.example/x?y=1#z</a>.'],
    ['(https://a.example/a_(b))', '(<a https://a.example/a_(b)>https://a.example/a_(b)</a>)'],
    ['www.a.example, too', '<a https://www.a.example>www.a.example</a>, too'],
    ['mail ada@a.example.', 'mail <a mailto:ada@a.example>ada@a.example</a>.'],
    ['<https://a.example>', '<a https://a.example>https://a.example</a>'],
    ['**https://a.example**', '<b><a https://a.example>https://a.example</a></b>'],
    ['xhttps://a.example', 'xhttps://a.example'],
    ['a@b', 'a@b'],
    ['`https://a.example`', '<c>https://a.example</c>'],
  ])('%j is %j', (text, expected) => {
    expect(shown(text)).toBe(`<p>${expected}</p>`);
  });

  it.each([
    'javascript:alert(1)',
    'JAVASCRIPT:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
    '/chats',
    '//evil.example',
    'blob:https://a.example/1',
    '',
  ])('%j leads nowhere', (href) => {
    expect(safeUrl(href)).toBeNull();
  });
});

describe('blocks', () => {
  it.each([
    ['one\n\ntwo', '<p>one</p><p>two</p>'],
    ['```js\nlet a = 1;\n\n# b\n```\nafter', '<pre js>let a = 1;\n\n# b</pre><p>after</p>'],
    ['````\n```\n````', '<pre>```</pre>'],
    ['```py\nopen', '<pre py>open</pre>'],
    ['```"><script>\nx\n```', '<pre>x</pre>'],
    ['> quoted\n> words\nand an answer', '<q><p>quoted<br>words</p></q><p>and an answer</p>'],
    ['> > deep', '<q><q><p>deep</p></q></q>'],
    ['- one\n- two\n  more\n- three', '<ul><li><p>one</p></li><li><p>two<br>more</p></li><li><p>three</p></li></list>'],
    ['1. one\n2. two', '<ol 1><li><p>one</p></li><li><p>two</p></li></list>'],
    ['3) three', '<ol 3><li><p>three</p></li></list>'],
    ['- a\n  - b\n  - c', '<ul><li><p>a</p><ul><li><p>b</p></li><li><p>c</p></li></list></li></list>'],
    ['words\n- one', '<p>words</p><ul><li><p>one</p></li></list>'],
    ['it was in\n12. December', '<p>it was in<br>12. December</p>'],
    ['- ', '<p>-</p>'],
    ['# not a heading', '<p># not a heading</p>'],
    ['---', '<p>---</p>'],
    ['| a | b |\n|---|---|', '<p>| a | b |<br>|---|---|</p>'],
    ['<b onclick="x">raw</b>', '<p><b onclick="x">raw</b></p>'],
    ['a\r\nb', '<p>a<br>b</p>'],
    ['', ''],
    [' \n \n', ''],
  ])('%j is %j', (text, expected) => {
    expect(shown(text)).toBe(expected);
  });
});

describe('texts that are meant to hurt', () => {
  const LENGTH = 16_000;
  const repeated = (part: string): string => part.repeat(Math.ceil(LENGTH / part.length)).slice(0, LENGTH);
  const parts = [
    '>',
    '> - ',
    '*',
    '*a ',
    '**a ',
    '_a ',
    '*a_b ',
    '[',
    ']',
    '[a](',
    '![a',
    '`',
    '`a',
    '``a`',
    '- ',
    '1. ',
    '<',
    '<a',
    '\\',
    '~~a',
    'a@',
    'a.',
    'http://',
    'www.',
    'https://a.b(',
    '(',
    '\n',
    ' ',
    '\t',
    '```\n',
    '> ```\n',
    '**_~~[',
    '*a**b_c__d',
    '"',
    '[a](b "',
    '👩‍👩‍👧‍👦',
  ];

  it.each(parts)(
    '%j, as long as a message may be, is understood at once and keeps every character that is no mark',
    (part) => {
      const began = performance.now();

      const understood = shown(repeated(part));

      // Linear: a few milliseconds. A quadratic pass over 16,000 characters takes seconds.
      expect(performance.now() - began).toBeLessThan(500);
      expect(understood.length).toBeLessThan(40 * LENGTH);
    },
  );

  it('keeps its depth whatever is nested', () => {
    const depth = (blocks: readonly Block[]): number =>
      Math.max(
        0,
        ...blocks.map((each) =>
          each.is === 'quote' ? 1 + depth(each.inside) : each.is === 'list' ? 1 + depth(each.items.flat()) : 0,
        ),
      );

    expect(depth(parseBlocks('>'.repeat(5000)))).toBeLessThan(10);
    expect(depth(parseBlocks('- '.repeat(5000) + 'a'))).toBeLessThan(10);
  });
});
