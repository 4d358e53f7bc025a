import type { GetInformationCardResponse } from '@knipperlicht/client/routing';

/** A card for whoever looks after someone. Nothing on it is about anybody. */
export interface Card {
  title: string;
  lines: readonly string[];
  zoneName: string;
  services: readonly { id: string; name: string; phone: string; email: string; url: string; synthetic: boolean }[];
  numbers: readonly { number: string; text: string }[];
}

export function cardOf(answer: GetInformationCardResponse): Card {
  return {
    title: answer.title,
    lines: answer.lines,
    zoneName: answer.zoneName,
    services: answer.services.map(({ serviceId, name, phone, email, url, synthetic }) => ({ id: serviceId, name, phone, email, url, synthetic })),
    numbers: answer.numbers.map(({ number, text }) => ({ number, text })),
  };
}

/** The card as a message that somebody can send on. */
export function cardText(card: Card): string {
  const services = card.services.map((service) => {
    const ways = [service.phone, service.email, service.url].filter(Boolean).join(', ');
    return `- ${service.name}${ways ? `: ${ways}` : ''}`;
  });
  const numbers = card.numbers.map(({ number, text }) => `${number}: ${text}`);
  return [card.title, card.lines.join('\n'), [card.zoneName, ...services].join('\n'), numbers.join('\n')]
    .filter((part) => part.trim() !== '')
    .join('\n\n');
}

const KEPT_AS = 'knipperlicht.cards';
/** A reporter goes to few places: their cards are there without network. */
const MOST = 6;

type Kept = readonly (readonly [string, Card])[];

function all(): Kept {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT_AS) ?? '[]');
    return Array.isArray(kept) ? (kept as Kept) : [];
  } catch {
    return [];
  }
}

/** The card of this postal code and language as it was the last time. */
export function keptCard(of: string): Card | undefined {
  return all().find(([name]) => name === of)?.[1];
}

export function keepCard(of: string, card: Card): void {
  try {
    const others = all().filter(([name]) => name !== of);
    localStorage.setItem(KEPT_AS, JSON.stringify([[of, card], ...others].slice(0, MOST)));
  } catch {
    // A browser that keeps nothing asks again.
  }
}
