import { IncomingMessage, ServerResponse } from 'node:http';
import { All, Controller, Get, MethodNotAllowedException, NotFoundException, Req, Res } from '@nestjs/common';
import { pathOf } from '../http/query.js';

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

/** Methods that the endpoint at a path has; none: there is no such endpoint. */
function methodsAt(path: string): string[] {
  const served = ENDPOINTS.map((endpoint) => endpoint.split(' ') as [method: string, path: string]);
  return served.flatMap(([method, template]) => {
    const isIt = new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}/?$`, 'i').test(path);
    return isIt ? [method] : [];
  });
}

/** `/admin` itself, and what no other controller serves there. */
@Controller('admin')
export class IndexController {
  @Get()
  index(): object {
    return { endpoints: ENDPOINTS };
  }

  @All()
  refuseMethod(@Res({ passthrough: true }) response: ServerResponse): never {
    response.setHeader('allow', 'GET, HEAD');
    throw new MethodNotAllowedException('only GET is served here');
  }

  @All('*path')
  refuse(@Req() request: IncomingMessage, @Res({ passthrough: true }) response: ServerResponse): never {
    const methods = methodsAt(pathOf(request));
    if (methods.length === 0) {
      throw new NotFoundException(`nothing is served here: GET /admin names what is there`);
    }
    response.setHeader('allow', [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].join(', '));
    throw new MethodNotAllowedException(`served here: ${methods.join(', ')}`);
  }
}
