import { Controller, Get } from '@nestjs/common';

/** The simulator keeps everything in memory and depends on nothing: once it listens, it is ready. */
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
