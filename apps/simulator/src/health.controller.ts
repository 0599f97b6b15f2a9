import { Controller, Get } from '@nestjs/common';

/** The simulator needs no other process, so it is ready as soon as it listens. */
@Controller('health')
export class HealthController {
  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  ready(): { status: 'ok' } {
    return { status: 'ok' };
  }
}
