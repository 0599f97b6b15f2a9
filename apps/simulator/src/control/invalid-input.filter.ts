import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { type ServerResponse } from 'node:http';
import { sendText } from '../api-error.js';
import { InvalidInput } from '../fields.js';

/** Answers a wrong request of the control API with everything that is wrong about it. */
@Catch(InvalidInput)
export class InvalidInputFilter implements ExceptionFilter<InvalidInput> {
  catch({ problems }: InvalidInput, host: ArgumentsHost): void {
    const res = host.switchToHttp().getResponse<ServerResponse>();
    sendText(res, 400, JSON.stringify({ problems }));
  }
}
