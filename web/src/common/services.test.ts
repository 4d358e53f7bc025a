import { create } from '@knipperlicht/client';
import { Need } from '@knipperlicht/client/codes';
import { ServiceSchema, type Service } from '@knipperlicht/client/routing';
import { expect, it } from 'vitest';

import { matchingServices } from './services';

const service = (serviceId: string, name: string, ...needs: number[]): Service => create(ServiceSchema, { serviceId, name, needs });

it('services that meet most of what is needed come first, but never the one it is with', () => {
  const all = [service('a', 'Alfa', Need.INFORMATION), service('b', 'Béta', Need.RESPITE, Need.SAFETY), service('c', 'Cé', Need.RESPITE)];
  const needs = [Need.RESPITE, Need.SAFETY];
  expect(matchingServices(all, { wanted: '', needs, without: '' }).map((one) => one.serviceId)).toEqual(['b', 'c', 'a']);
  expect(matchingServices(all, { wanted: 'bet', needs, without: '' }).map((one) => one.serviceId)).toEqual(['b']);
  expect(matchingServices(all, { wanted: '', needs, without: 'b' }).map((one) => one.serviceId)).toEqual(['c', 'a']);
});
