import { expect, it } from 'vitest';

import { csv } from './csv';

it('a table is a file that a spreadsheet reads back as it was', () => {
  expect(csv(['Wat', 'Aantal'], [['Uitleg; papieren', 12], ['Zegt "nee"', '<10'], ['a\nb', 0]])).toBe(
    '\uFEFFWat;Aantal\r\n"Uitleg; papieren";12\r\n"Zegt ""nee""";<10\r\n"a\nb";0\r\n',
  );
});

it('no text is run as a formula', () => {
  for (const text of ['=1+1', '+1', '-1', '@a', '\tx']) expect(csv([text], [])).toContain(`'${text}`);
  expect(csv(['a'], [[-3]])).toContain('\r\n-3\r\n');
});
