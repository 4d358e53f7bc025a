// The pages that are measured: who opens them, on what, what is tapped first and how that is answered.

const CHECKBOX = { tile: 'main input[type=checkbox]', answered: 'main input[type=checkbox]:checked' };
const RADIO = { tile: 'main input[type=radio]', answered: 'main input[type=radio]:checked' };

/** The pages; `links` are a carer's. Nobody has to sign in for those without a person. */
export function pagesOf(links) {
  return [
    { name: 'start', path: '/' },
    { name: 'reporter', path: '/flag', person: 'cleaner', first: CHECKBOX },
    { name: 'reporter: signals', path: '/signals', person: 'cleaner' },
    { name: 'carer: own signal', path: `/self_signal#${links.selfSignal}`, first: CHECKBOX },
    { name: 'carer: did it help', path: `/answer_outcome#${links.answer}`, first: RADIO },
    { name: 'desk', path: '/desk', person: links.desk, isDesk: true, first: { tile: '.list li a', answered: '.list a[aria-current]' } },
    { name: 'zone', path: '/zone', person: 'coordinator', isDesk: true },
  ];
}
