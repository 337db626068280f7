// The settings of a kind: all of them, since a tenant has few.

import type { Setting, SettingKind } from '../../gen/aftercall/model/v1/setting_pb';
import { once } from '../client';
import { type Failure, failureOf } from '../failure';
import { allOf } from '../paged.svelte';
import { settings } from './services';

const PAGE_SIZE = 500;
// So many are read at most; who has more looks them up by their ids.
export const SETTINGS_MAX = 2_000;

export class Shelf {
  readonly kind: SettingKind;
  list = $state.raw<Setting[] | undefined>();
  failure = $state.raw<Failure | undefined>();
  capped = $state(false);
  readAt = $state(0);
  #reading = 0;

  constructor(kind: SettingKind) {
    this.kind = kind;
  }

  async read(): Promise<void> {
    this.#reading += 1;
    const reading = this.#reading;
    this.failure = undefined;
    try {
      const { items, isCut } = await allOf(async (at) => {
        const page = await settings.listSettings({ ...at, kind: this.kind, includeRetired: true, pageSize: PAGE_SIZE }, once());
        return { items: page.settings, next: page.nextPageToken };
      }, SETTINGS_MAX);
      // Of two that read at once, the later one knows better.
      if (reading !== this.#reading) return;
      this.list = items;
      this.capped = isCut;
      this.readAt = Date.now();
    } catch (thrown) {
      if (reading === this.#reading) this.failure = failureOf(thrown);
    }
  }

  get(id: string): Setting | undefined {
    return this.list?.find(({ settingId }) => settingId === id);
  }

  // A newer version takes the place of an older one.
  take(setting: Setting): void {
    const others = (this.list ?? []).filter(({ settingId }) => settingId !== setting.settingId);
    this.list = [...others, setting].sort((one, other) => (one.settingId < other.settingId ? -1 : 1));
  }
}
