import type { Service } from '@knipperlicht/client/routing';

import { plain } from './letters';

interface Asked {
  wanted: string;
  needs: readonly number[];
  /** The one it is with already. */
  without: string;
}

/** Services with these letters in their name or their organisation's; those that meet most of what is
 * needed first. */
export function matchingServices(services: readonly Service[], { wanted, needs, without }: Asked): Service[] {
  const letters = plain(wanted.trim());
  const met = (service: Service): number => service.needs.filter((need) => needs.includes(need)).length;
  return services
    .filter((service) => service.serviceId !== without && plain(`${service.name} ${service.organisationName}`).includes(letters))
    .sort((one, other) => met(other) - met(one) || one.name.localeCompare(other.name));
}
