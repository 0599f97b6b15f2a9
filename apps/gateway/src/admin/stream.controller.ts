import { ServerResponse } from 'node:http';
import { Controller, Get, Res } from '@nestjs/common';
import { OverviewStream } from './overview-stream.js';

/** `GET /admin/stream`: the overview for operators, as it changes. */
@Controller('admin/stream')
export class StreamController {
  constructor(private readonly stream: OverviewStream) {}

  @Get()
  open(@Res() response: ServerResponse): void {
    this.stream.open(response);
  }
}
