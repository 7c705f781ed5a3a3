import type { INestApplication, Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { ModulesContainer } from '@nestjs/core';
import type { ServiceName } from '@throughline/contracts';
import { routeOf } from './handle.ts';

const handlersOf = (controller: Type): readonly (readonly [string, object])[] => {
  const handlers: [string, object][] = [];
  for (let prototype = controller.prototype as object; prototype !== Object.prototype;) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const value: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
      if (typeof value === 'function' && name !== 'constructor') handlers.push([name, value]);
    }
    prototype = Object.getPrototypeOf(prototype) as object;
  }
  return handlers;
};

/** Boot fails where a controller method serves HTTP without a route of the table, and so without a permission. */
export const checkDeclaredRoutes = (app: INestApplication, service: ServiceName): void => {
  for (const module of app.get(ModulesContainer).values()) {
    for (const { metatype } of module.controllers.values()) {
      if (typeof metatype !== 'function') continue;
      // Nest types it as any function; what stands among controllers is a class.
      for (const [name, handler] of handlersOf(metatype as Type)) {
        const serves = Reflect.hasMetadata(METHOD_METADATA, handler) || Reflect.hasMetadata(PATH_METADATA, handler);
        const route = routeOf(handler);
        if (serves && !route) {
          throw new Error(`${metatype.name}.${name} serves HTTP without a declared permission: use @Handle(route)`);
        }
        if (route && route.service !== service) {
          throw new Error(`${metatype.name}.${name} serves ${route.path}, which belongs to ${route.service}`);
        }
      }
    }
  }
};
