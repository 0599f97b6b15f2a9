import type { ServerResponse } from 'node:http';
import { All, HttpCode, MethodNotAllowedException, Options, Res } from '@nestjs/common';

/** What a controller answers to the methods that it does not serve: the same on each of its paths. */
export abstract class ServedMethods {
  /**
   * @param methods those that are served, as `Allow` lists them
   * @param words what the refusal of another one says
   */
  protected constructor(
    private readonly methods: string,
    private readonly words: string,
  ) {}

  @Options()
  @HttpCode(204)
  options(@Res({ passthrough: true }) response: ServerResponse): void {
    response.setHeader('allow', this.methods);
  }

  @All()
  refuseMethod(@Res({ passthrough: true }) response: ServerResponse): never {
    response.setHeader('allow', this.methods);
    throw new MethodNotAllowedException(this.words);
  }
}
