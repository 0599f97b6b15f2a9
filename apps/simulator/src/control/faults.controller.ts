import { Body, Controller, Delete, Get, HttpCode, NotFoundException, Param, ParseIntPipe, Post } from '@nestjs/common';
import { readFault } from '../faults/fault.js';
import { type FaultReport, Faults } from '../faults/faults.js';
import { JsonBody } from '../json-body.js';

/** Adds, lists and ends faults. */
@Controller('control/faults')
export class FaultsController {
  constructor(private readonly faults: Faults) {}

  @Get()
  list(): { faults: FaultReport[] } {
    return { faults: this.faults.list() };
  }

  @Post()
  add(@Body(JsonBody) body: unknown): { id: number } {
    return { id: this.faults.add(readFault(body)) };
  }

  @Delete()
  @HttpCode(204)
  clear(): void {
    this.faults.clear();
  }

  @Delete(':id')
  @HttpCode(204)
  remove(@Param('id', ParseIntPipe) id: number): void {
    if (!this.faults.remove(id)) throw new NotFoundException(`no fault ${id}: it was cleared, or it has run out`);
  }
}
