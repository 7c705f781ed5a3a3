import { ERROR_CODES, type ErrorBody, type ErrorCode, errorHelp } from '@throughline/contracts';
import type { FastifyReply } from 'fastify';

/** The same body that the services answer with, so a client need not know who refused. */
export const answerError = (reply: FastifyReply, code: ErrorCode, message: string): FastifyReply => {
  const body: ErrorBody = {
    code,
    title: ERROR_CODES[code].title,
    message,
    help: errorHelp(code),
    requestId: reply.request.id,
  };
  return reply.status(ERROR_CODES[code].status).type('application/json; charset=utf-8').send(body);
};
