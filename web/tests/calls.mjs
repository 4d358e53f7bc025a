// Calls of one of the demo people, by the package that the app uses: what a test needs besides what it
// sees in the browser.
import { connectTo, createClient } from '@knipperlicht/client';
import { AssessmentService } from '@knipperlicht/client/assessment';
import { FollowupService } from '@knipperlicht/client/followup';
import { IntakeService } from '@knipperlicht/client/intake';
import { RoutingService } from '@knipperlicht/client/routing';

/** Calls in somebody's name. */
export async function callsOf(address, name) {
  const response = await fetch(`${address}/dev/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  });
  if (!response.ok) throw new Error(`nobody is called ${name}: ${response.status}`);
  const { accessToken } = await response.json();
  const transport = connectTo({ address, token: () => accessToken, deadline: 20_000 });
  return {
    intake: createClient(IntakeService, transport),
    assessment: createClient(AssessmentService, transport),
    routing: createClient(RoutingService, transport),
    followup: createClient(FollowupService, transport),
  };
}

/** Asks until the answer is what is waited for, or the time is over. */
export async function until(isIt, ask, milliseconds = 15_000) {
  const end = Date.now() + milliseconds;
  for (;;) {
    const answer = await ask();
    if (isIt(answer)) return answer;
    if (Date.now() > end) throw new Error(`not so after ${milliseconds / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
