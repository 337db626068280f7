// A setting as somebody wants it: what they changed, on top of the version that they saw.

import { create } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';

import { type Setting, type SettingKind, SettingSchema } from '../../gen/aftercall/model/v1/setting_pb';
import type { ShadowPoliciesResponse } from '../../gen/aftercall/settings/v1/settings_pb';
import { Asked } from '../asked.svelte';
import { including, once } from '../client';
import { settings } from './services';
import { hinderedBy, Write } from '../write.svelte';

export const CHANGING = 'settings.v1.SettingsService/ChangeSettings';
export const SHADOWING = 'settings.v1.SettingsService/ShadowPolicies';
// As far back as the server looks.
const SHADOW_DAYS = 90;

export type Body = Setting['body'];

export class Change {
  readonly kind: SettingKind;
  // The version that it builds on.
  base: Setting = $state.raw(create(SettingSchema));
  reason = $state('');
  // What somebody else made of it meanwhile.
  conflict = $state.raw<Setting | undefined>();
  readonly write = new Write();
  // What it would have made of the promises of the last days.
  readonly shadow = new Asked<ShadowPoliciesResponse>();
  readonly #apply: (body: Body) => Body;
  readonly #retired: boolean | undefined;

  // `apply` gives a version's body with the changes. Unless it is said whether it is to be out of use, that stays as it is.
  constructor(kind: SettingKind, base: Setting, apply: (body: Body) => Body, retired?: boolean) {
    this.kind = kind;
    this.base = base;
    this.#apply = apply;
    this.#retired = retired;
  }

  get wanted(): Setting {
    const { settingId, retired, body } = this.base;
    return create(SettingSchema, { settingId, retired: this.#retired ?? retired, body: this.#apply(body) });
  }

  #request() {
    return { setting: this.wanted, expectedVersion: this.base.version };
  }

  tryOut(): void {
    const request = { changes: [this.#request()], days: SHADOW_DAYS, ...including() };
    void this.shadow.ask((options) => settings.shadowPolicies(request, options));
  }

  // Gives the new version once it is there.
  async save(): Promise<Setting | undefined> {
    if (hinderedBy(CHANGING) !== '') return undefined;
    this.conflict = undefined;
    const changes = [this.#request()];
    const { reason } = this;
    const answer = await this.write.send([changes, reason], (requestId) => settings.changeSettings({ requestId, changes, reason }, once()));
    if (!answer) await this.#look();
    return answer?.settings[0];
  }

  // Puts the changes on top of what somebody else made of it.
  goOnFrom(current: Setting): void {
    this.base = current;
    this.conflict = undefined;
    this.write.failure = undefined;
  }

  // Another version than was built on: shows both.
  async #look(): Promise<void> {
    if (this.write.failure?.code !== Code.Aborted) return;
    try {
      const { settingId } = this.base;
      const { versions } = await settings.listSettingVersions({ kind: this.kind, settingId, pageSize: 1, latest: true }, once());
      this.conflict = versions[0];
    } catch {
      // The failure that is shown already says enough.
    }
  }
}
