import { expect, it } from 'vitest';

import { cardText } from './card';

it('is a message that says it all in plain text', () => {
  const service = { id: 'a', name: 'Luisterlijn', phone: '059 12 34 56', email: '', url: 'example.be', synthetic: true };
  const card = { title: 'Zorgt u voor iemand?', lines: ['Eén.', 'Twee.'], zoneName: 'Gent', services: [service], numbers: [{ number: '112', text: 'Gevaar' }] };
  expect(cardText(card)).toBe('Zorgt u voor iemand?\n\nEén.\nTwee.\n\nGent\n- Luisterlijn: 059 12 34 56, example.be\n\n112: Gevaar');
});
