import { All, Controller, Get, NotFoundException } from '@nestjs/common';

/** What is served below `/admin`. OPERATIONS.md says what each answers. */
export const ENDPOINTS: readonly string[] = [
  'GET /admin/cases/{case_id}',
  'POST /admin/cases/{case_id}/poll',
  'POST /admin/cases/{case_id}/release',
  'GET /admin/connections',
  'GET /admin/feeds',
  'POST /admin/feeds/{feed}/pause',
  'POST /admin/feeds/{feed}/resume',
  'GET /admin/gateways',
  'POST /admin/log-level',
  'GET /admin/queues',
  'GET /admin/revocations',
  'POST /admin/revocations',
  'DELETE /admin/revocations/{id}',
  'GET /admin/sets',
  'GET /admin/stream',
  'GET /admin/workers',
];

/** `/admin` itself, and what no other controller serves there. */
@Controller('admin')
export class IndexController {
  @Get()
  index(): object {
    return { endpoints: ENDPOINTS };
  }

  @All('*path')
  refuse(): never {
    throw new NotFoundException(`nothing is served here: GET /admin names what is there`);
  }
}
