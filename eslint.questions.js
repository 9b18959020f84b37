/*
 * A getter, and a function that is named as a question (`isClosed`, `hasRoom()`, `mayStart`), changes nothing: asked twice it gives the same
 * answer. Changes are: an assignment to a property, a call of a method that changes a collection, and a call of a function that is named as
 * a command. Variables and collections of the function itself may change, so this rule does not see a change of a module's variable.
 */
const message = 'A question changes nothing: name this as a command, or move the change out of it.';
const question = '/^(is|has|can|may|are)[A-Z]/';
const questions = [
  ':matches(MethodDefinition, Property)[kind="get"]',
  `:matches(MethodDefinition[kind="method"], Property, PropertyDefinition)[key.name=${question}]`,
  `FunctionDeclaration[id.name=${question}]`,
  `VariableDeclarator[id.name=${question}] > :matches(ArrowFunctionExpression, FunctionExpression)`,
];
const command = '/^(abort|cancel|clear|close|drop|end|enter|forget|launch|mark|post|refuse|release|remember|remove|replace|reset|resume|schedule|send|start|stop|take|tell|warn)([A-Z]|$)/';
const changes = [
  // `??=` makes a value on the first use, and the value is the same each time.
  'AssignmentExpression[operator!="??="] > MemberExpression.left',
  'UpdateExpression > MemberExpression.argument',
  'UnaryExpression[operator="delete"]',
  'CallExpression > MemberExpression.callee[object.type="MemberExpression"][property.name=/^(add|clear|delete|pop|push|set|shift|splice|unshift)$/]',
  `CallExpression > MemberExpression.callee[property.name=${command}]`,
  `CallExpression[callee.name=${command}]`,
];

export const questionSyntax = questions.flatMap((place) => changes.map((change) => ({ selector: `${place} ${change}`, message })));
